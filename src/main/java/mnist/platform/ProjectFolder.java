package mnist.platform;

import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/** The project's folder, found from any working folder: the one with the pom.xml. */
public final class ProjectFolder {
  private ProjectFolder() {}

  /** The folder of the pom.xml above the running classes or jar; else the working folder. */
  public static Path path() {
    return codeSource()
        .flatMap(ProjectFolder::above)
        .orElseGet(() -> Path.of("").toAbsolutePath());
  }

  /** The folder or jar that the classes come from, if it is a file that can be named. */
  private static Optional<Path> codeSource() {
    CodeSource code = ProjectFolder.class.getProtectionDomain().getCodeSource();
    if (code == null || code.getLocation() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(code.getLocation().toURI()));
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      return Optional.empty();
    }
  }

  /** The nearest folder with a pom.xml at or above a path. */
  static Optional<Path> above(Path path) {
    for (Path folder = path; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("pom.xml"))) {
        return Optional.of(folder);
      }
    }
    return Optional.empty();
  }
}
