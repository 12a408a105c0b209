package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may know whom: imports go down the list, never back up. */
class HouseTest {
  private static final Map<String, Set<String>> MAY_KNOW =
      Map.ofEntries(
          Map.entry("platform", Set.of()),
          Map.entry("synthetic", Set.of()),
          Map.entry("console", Set.of("platform")),
          Map.entry("data", Set.of("platform")),
          Map.entry("network", Set.of("platform")),
          Map.entry("pictures", Set.of("data", "platform")),
          Map.entry("sources", Set.of("data", "synthetic", "platform")),
          Map.entry("training", Set.of("network", "data")),
          Map.entry("export", Set.of("training", "network", "data", "platform")),
          Map.entry(
              "crosscheck", Set.of("serve", "export", "training", "network", "data", "platform")),
          Map.entry("checkpoint", Set.of("training", "network", "data", "platform")),
          Map.entry("web", Set.of("platform")),
          Map.entry("serve", Set.of("web", "export", "pictures", "data", "platform")),
          Map.entry("view", Set.of("web", "training", "network", "data", "platform")),
          Map.entry(
              "run",
              Set.of(
                  "view",
                  "checkpoint",
                  "export",
                  "training",
                  "network",
                  "sources",
                  "data",
                  "console",
                  "platform")),
          Map.entry("bench", Set.of("run", "export", "training", "data", "platform")));

  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?mnist\\.([a-z]+)\\.", Pattern.MULTILINE);

  @Test
  void importsNeverRunBackUp() throws IOException {
    Path root = Path.of("src", "main", "java", "mnist");
    try (Stream<Path> folders = Files.list(root).filter(Files::isDirectory)) {
      for (Path folder : folders.toList()) {
        String name = folder.getFileName().toString();
        assertThat(MAY_KNOW).as("a place in the house for %s", name).containsKey(name);
        Set<String> known = known(folder);
        known.remove(name);
        assertThat(known).as("what %s knows", name).isSubsetOf(MAY_KNOW.get(name));
      }
    }
  }

  private static Set<String> known(Path folder) throws IOException {
    Set<String> known = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Matcher imported = IMPORT.matcher(Files.readString(file));
        while (imported.find()) {
          known.add(imported.group(1));
        }
      }
    }
    return known;
  }
}
