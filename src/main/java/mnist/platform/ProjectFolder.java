package mnist.platform;

import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/** The project's root folder, the one with the pom.xml. */
public final class ProjectFolder {
  private ProjectFolder() {}

  /**
   * The nearest folder with a pom.xml above the running classes or jar; else the working folder.
   */
  public static Path path() {
    CodeSource source = ProjectFolder.class.getProtectionDomain().getCodeSource();
    if (source != null && source.getLocation() != null) {
      try {
        Path folder = Path.of(source.getLocation().toURI());
        for (; folder != null; folder = folder.getParent()) {
          if (Files.exists(folder.resolve("pom.xml"))) {
            return folder;
          }
        }
      } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
        // The classes are not in a file.
      }
    }
    return Path.of("").toAbsolutePath();
  }
}
