package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mnist.training.Stage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The quotations and commands in TUTORIAL.md. */
class TutorialTest {
  private static final Pattern COMMENT = Pattern.compile("(?s)<!--.*?-->");

  /** The address of a link or a picture that is in the project. */
  private static final Pattern ADDRESS = Pattern.compile("\\]\\((?!https?:)([^)]+)\\)");

  /** A section about a stage, whose number its heading begins with. */
  private static final Pattern SECTION = Pattern.compile("(?ms)^## (\\d\\.\\d) .*?(?=^## |\\z)");

  private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```");

  private static final Pattern COMMAND =
      Pattern.compile("(?m)^    make (\\S+) STAGE=(\\S+) ARGS=(?:--view|\"(--.*)\")$");

  private static String text;
  private static List<MatchResult> sections;

  @BeforeAll
  static void read() throws IOException {
    text = COMMENT.matcher(Files.readString(Path.of("TUTORIAL.md"))).replaceAll("");
    sections = SECTION.matcher(text).results().toList();
  }

  private static List<String> found(Pattern pattern, String in) {
    return pattern.matcher(in).results().map(result -> result.group(1)).toList();
  }

  @Test
  void sectionsFollowTheStages() {
    List<String> stages = Stages.all().stream().map(Stage::name).toList();
    assertThat(sections)
        .map(section -> section.group(1))
        .hasSizeGreaterThan(8)
        .isSubsetOf(stages)
        .isSorted();
  }

  /** Where a section quotes Java, its lines are in the sources that the section links. */
  @Test
  void quotedLinesAreInTheSources() throws IOException {
    for (MatchResult section : sections) {
      List<String> source = new ArrayList<>();
      for (String linked : found(ADDRESS, section.group())) {
        if (linked.endsWith(".java")) {
          source.addAll(lines(Files.readString(Path.of(linked))).toList());
        }
      }
      List<String> quoted =
          found(JAVA, section.group()).stream()
              .flatMap(TutorialTest::lines)
              .filter(line -> !line.equals("..."))
              .toList();
      assertThat(source).as(section.group(1)).isNotEmpty();
      assertThat(quoted).as(section.group(1)).hasSizeBetween(2, 8).isSubsetOf(source);
    }
  }

  private static Stream<String> lines(String java) {
    return java.lines().map(String::strip).filter(line -> !line.isEmpty());
  }

  @Test
  void everySectionHasACommand() throws IOException {
    String makefile = Files.readString(Path.of("Makefile"));
    for (MatchResult section : sections) {
      List<MatchResult> commands = COMMAND.matcher(section.group()).results().toList();
      assertThat(commands).as(section.group(1)).hasSize(1);
      MatchResult command = commands.get(0);
      assertThat(makefile).contains("\n" + command.group(1) + ":");
      assertThat(command.group(2)).isEqualTo(section.group(1));
    }
  }
}
