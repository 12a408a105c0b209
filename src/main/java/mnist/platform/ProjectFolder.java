package mnist.platform;

import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/** The project's root folder, the one with the pom.xml. */
public final class ProjectFolder {
  private ProjectFolder() {}

  /**
   * The nearest folder with a pom.xml above the running classes or jar; else the working folder.
   */
  public static Path path() {
    Path workingFolder = Path.of("").toAbsolutePath();
    for (Path folder = codeSource().orElse(null); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("pom.xml"))) {
        return folder;
      }
    }
    return workingFolder;
  }

  /** The folder or jar that the classes were loaded from, if it is a file. */
  private static Optional<Path> codeSource() {
    CodeSource source = ProjectFolder.class.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(source.getLocation().toURI()));
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      return Optional.empty();
    }
  }
}
