package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What TUTORIAL.md quotes and names is there. */
class TutorialTest {
  private static final Path TUTORIAL = Path.of("TUTORIAL.md");

  /** A link's or a picture's address that is not on another machine. */
  private static final Pattern ADDRESS = Pattern.compile("\\]\\((?!https?:)([^)]+)\\)");

  /** A section, its heading's number first. */
  private static final Pattern SECTION = Pattern.compile("(?ms)^## (\\d\\.\\d) (.*?)(?=^## |\\z)");

  private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```");

  private static final Pattern SOURCE = Pattern.compile("\\]\\((src/main/java/[^)]+\\.java)\\)");

  private static final Pattern COMMAND =
      Pattern.compile("(?m)^    make (\\S+)(?: STAGE=(\\S+))?(?: ARGS=.*)?$");

  private static String tutorial() throws IOException {
    return Files.readString(TUTORIAL);
  }

  private static Stream<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(result -> result.group(1));
  }

  private static Stream<MatchResult> sections() throws IOException {
    return SECTION.matcher(tutorial()).results();
  }

  @TestFactory
  Stream<DynamicTest> everythingLinkedIsThere() throws IOException {
    String text = tutorial();
    List<String> headings = found(Pattern.compile("(?m)^#+ (.*)$"), text).toList();
    return found(ADDRESS, text)
        .distinct()
        .map(
            address ->
                DynamicTest.dynamicTest(
                    address,
                    () -> {
                      if (address.startsWith("#")) {
                        assertThat(headings).map(TutorialTest::anchor).contains(address);
                      } else {
                        assertThat(Path.of(address.replaceFirst("#.*", ""))).exists();
                      }
                    }));
  }

  /** What GitHub makes of a heading. */
  private static String anchor(String heading) {
    return "#" + heading.toLowerCase().replaceAll("[^\\p{L}\\d -]", "").replace(' ', '-');
  }

  /** A block of Java is quoted from the sources that its section links. */
  @TestFactory
  Stream<DynamicTest> quotedLinesAreThoseOfTheSources() throws IOException {
    return sections()
        .map(
            section ->
                DynamicTest.dynamicTest(
                    section.group(1),
                    () -> {
                      List<String> lines =
                          found(SOURCE, section.group()).distinct().flatMap(this::lines).toList();
                      List<String> quoted =
                          found(JAVA, section.group()).flatMap(this::withoutIndents).toList();
                      assertThat(quoted).isNotEmpty();
                      assertThat(lines).containsAll(quoted);
                    }));
  }

  private Stream<String> lines(String source) {
    try {
      return withoutIndents(Files.readString(Path.of(source)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Stream<String> withoutIndents(String text) {
    return text.lines().map(String::strip).filter(line -> !line.isEmpty());
  }

  @Test
  void everyStageHasASectionAndAPicture() throws IOException {
    List<String> stages = Stages.all().stream().map(stage -> stage.name()).toList();
    assertThat(sections().map(section -> section.group(1))).containsExactlyElementsOf(stages);
    assertThat(sections())
        .allSatisfy(
            section ->
                assertThat(section.group())
                    .contains("](src/test/resources/mnist/tutorial/" + section.group(1) + ".png)"));
  }

  @Test
  void commandsNameStagesAndTargetsThatThereAre() throws IOException {
    String makefile = Files.readString(Path.of("Makefile"));
    List<MatchResult> commands = COMMAND.matcher(tutorial()).results().toList();
    assertThat(commands).hasSizeGreaterThanOrEqualTo(Stages.all().size());
    for (MatchResult command : commands) {
      assertThat(makefile).containsPattern("(?m)^" + command.group(1) + ":");
      if (command.group(2) != null) {
        assertThat(Stages.named(command.group(2))).isNotNull();
      }
    }
  }
}
