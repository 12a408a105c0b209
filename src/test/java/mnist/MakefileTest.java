package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

/** The Makefile, run against a fake Maven and a program that prints its arguments. */
@DisabledOnOs(OS.WINDOWS) // scripts are written for a Unix shell
class MakefileTest {
  private static final String JAVA_HOME = System.getProperty("java.home");

  /** Stands in for the program: prints its arguments, one per line. */
  private static final String PROGRAM =
      """
      package mnist.app;
      class Main {
        public static void main(String[] args) {
          System.out.print(String.join("\\n", args));
          if (args[0].equals("exit")) {
            System.exit(Integer.parseInt(args[1]));
          }
        }
      }
      """;

  /**
   * Stands in for Maven: writes the files it would, with the class path from {@code
   * FAKE_CLASS_PATH}.
   */
  private static final String MAVEN =
      """
      #!/bin/sh
      for arg; do case $arg in -Dmdep.outputFile=*) out=${arg#*=};; esac; done
      mkdir -p target/classes/mnist
      echo -Xmn8m > target/classes/mnist/jvm.options
      printf %s "$FAKE_CLASS_PATH" > "$out"
      """;

  @TempDir Path temp;
  private Path project;
  private Path bin;
  private Path javaHome;
  private Path repository;

  @BeforeEach
  void project() throws IOException {
    project = Files.createDirectories(temp.resolve("a project"));
    Files.copy(Path.of("Makefile"), project.resolve("Makefile"));
    Files.createFile(project.resolve("pom.xml"));
    Files.createDirectories(project.resolve("src/main"));
    bin = Files.createDirectories(temp.resolve("bin"));
    script(bin.resolve("mvn"), MAVEN);
    javaHome = temp.resolve("a JDK");
    Files.createDirectories(javaHome.resolve("bin"));
    script(javaHome.resolve("bin/java"), "#!/bin/sh\nexec '" + JAVA_HOME + "/bin/java' \"$@\"\n");
    Path source = Files.writeString(temp.resolve("Main.java"), PROGRAM);
    repository = Files.createDirectories(temp.resolve("with \"blanks\" \\in it"));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", repository.toString(), source.toString());
    assertThat(compiled).isZero();
  }

  private static void script(Path file, String content) throws IOException {
    assertThat(Files.writeString(file, content).toFile().setExecutable(true)).isTrue();
  }

  private record Run(int exitCode, List<String> out, String err) {}

  private Run run(Path folder, Map<String, String> environment, List<String> command)
      throws Exception {
    Path out = temp.resolve("out.txt");
    Path err = temp.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // Set by the make that runs these tests.
    builder.environment().keySet().removeIf(name -> name.matches("MAKE.*|MFLAGS|JAVA_.*"));
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new TestAbortedException(command.get(0) + " is not installed here", e);
    }
    int exitCode = process.waitFor();
    return new Run(exitCode, Files.readAllLines(out), Files.readString(err));
  }

  private Run make(String classPath, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("make"));
    command.addAll(List.of(args));
    return run(project, environment(classPath), command);
  }

  private Map<String, String> environment(String classPath) {
    String path = bin + File.pathSeparator + System.getenv("PATH");
    return Map.of("PATH", path, "JAVA_HOME", javaHome.toString(), "FAKE_CLASS_PATH", classPath);
  }

  private static Stream<Arguments> imageNames() {
    return Stream.of(
        Arguments.of("seven.png", List.of("seven.png")),
        Arguments.of("my digit.png", List.of("my digit.png")), // an existing file
        Arguments.of("it's $HOME's.png", List.of("it's $HOME's.png")), // another
        Arguments.of("a.png b.png", List.of("a.png", "b.png")),
        Arguments.of(
            "'my digit.png' \"c d.png\" e.png", List.of("my digit.png", "c d.png", "e.png")),
        Arguments.of("some/*.png", List.of("some/1 of 2.png", "some/2 of 2.png")),
        Arguments.of("-", List.of("-")));
  }

  @ParameterizedTest
  @MethodSource("imageNames")
  void imageNamesReachTheProgramUnchanged(String image, List<String> expected) throws Exception {
    Files.createDirectory(project.resolve("some"));
    for (String name :
        List.of("my digit.png", "it's $HOME's.png", "some/1 of 2.png", "some/2 of 2.png")) {
      Files.createFile(project.resolve(name));
    }

    Run run = make(repository.toString(), "predict", "MODEL=my $1 model", "IMAGE=" + image);

    assertThat(run.exitCode()).as(run.err()).isZero();
    List<String> arguments = new ArrayList<>(List.of("predict", "--model", "my $1 model", "--"));
    arguments.addAll(expected);
    assertThat(run.out()).isEqualTo(arguments);
    assertThat(run.err()).startsWith("Building").hasLineCount(1);
  }

  @Test
  void serveModelIsOptional() throws Exception {
    Run run = make(repository.toString(), "serve", "MODEL=my $1 model", "ARGS=--port 0");
    assertThat(run.out())
        .as(run.err())
        .containsExactly("serve", "--model", "my $1 model", "--port", "0");
    assertThat(make(repository.toString(), "serve", "ARGS=--port 0").out())
        .containsExactly("serve", "--port", "0");
  }

  @Test
  void escapesTheClassPathOnWindows() throws Exception {
    Run run = make("C:\\A b\\c.jar;C:\\d.jar", "target/java-host.args", "OS=Windows_NT");

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(project.resolve("target/java-host.args"))
        .content()
        .isEqualTo("-Xmn8m\n-cp \"target/classes;C:\\\\A b\\\\c.jar;C:\\\\d.jar\"");
  }

  @Test
  void predictReportsMissingVariables() throws Exception {
    assertThat(make(repository.toString(), "predict").err()).contains("IMAGE is missing");
  }

  @Test
  void predictUsesTheNewestModelByDefault() throws Exception {
    Run run = make(repository.toString(), "predict", "IMAGE=x.png");
    assertThat(run.out()).as(run.err()).containsExactly("predict", "--", "x.png");
  }

  @Test
  void isSilentAfterCtrlCButNotAfterFailures() throws Exception {
    assertThat(make(repository.toString(), "run", "STAGE=exit", "ARGS=130").err())
        .startsWith("Building")
        .hasLineCount(1);
    Run failed = make(repository.toString(), "run", "STAGE=exit", "ARGS=1");
    assertThat(failed.err()).contains("Error 1");
    assertThat(failed.exitCode()).isEqualTo(2);
  }

  @Test
  void everyProgramMayBeStoppedByCtrlC() throws Exception {
    List<String> recipes =
        Files.readString(Path.of("Makefile"))
            .replaceAll("\\\\\n", "")
            .lines()
            .filter(line -> line.matches("\t.*\\$\\((MNIST|JAVA|CHECK|\\w+_JAVA)\\) .*"))
            .filter(line -> !line.contains("target/tutorial/"))
            .toList();
    assertThat(recipes)
        .hasSizeGreaterThan(10)
        .allMatch(recipe -> recipe.contains("$(call interruptible,"));
  }

  @Test
  void withoutAGoalPrintsHelp() throws Exception {
    Run run = make(repository.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo(make(repository.toString(), "help").out());
    String makefile = Files.readString(Path.of("Makefile"));
    String phony =
        makefile
            .replaceAll("\\\\\n", "")
            .replaceAll("(?s).*\n\\.PHONY: ", "")
            .lines()
            .findFirst()
            .orElseThrow();
    assertThat(phony.split("\\s+"))
        .contains("run", "clean")
        .allSatisfy(
            target -> {
              if (!target.equals("help")) {
                assertThat(run.out()).anyMatch(line -> line.startsWith("  make " + target + " "));
              }
            });
  }

  @ParameterizedTest
  @CsvSource({
    "LANG, C, C.UTF-8",
    "LC_CTYPE, POSIX, C.UTF-8",
    "LANG, '', C.UTF-8",
    "LANG, de_DE, ''"
  })
  @EnabledOnOs(OS.LINUX)
  void givesJavaALocaleThatHasAllLetters(String variable, String locale, String expected)
      throws Exception {
    script(javaHome.resolve("bin/java"), "#!/bin/sh\necho \"$LC_ALL\"\n");
    List<String> command =
        List.of("env", "-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG", variable + "=" + locale);
    Run run =
        run(
            project,
            environment(repository.toString()),
            Stream.concat(command.stream(), Stream.of("make", "run")).toList());
    assertThat(String.join("", run.out())).as(run.err()).isEqualTo(expected);
  }

  @Test
  void suggestsCapitalsForALowerCaseVariable() throws Exception {
    Run run = make(repository.toString(), "run", "stage=2.1");
    assertThat(run.exitCode()).isNotZero();
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("did you mean STAGE=2.1?").hasLineCount(1);
    assertThat(make(repository.toString(), "run", "STAGE=2.1", "ARGS=--seed 1").out())
        .containsExactly("2.1", "--seed", "1");
  }

  @Test
  void usesTheWrapperWithoutMaven() throws Exception {
    script(project.resolve("mvnw"), MAVEN);
    Files.delete(bin.resolve("mvn"));
    // Only what the recipes call, so that no other Maven is on the PATH.
    for (String tool :
        List.of("make", "sh", "sed", "cat", "rm", "mkdir", "find", "tr", "uname", "echo")) {
      Path installed = Path.of("/usr/bin", tool);
      Path program = Files.exists(installed) ? installed : Path.of("/bin", tool);
      script(bin.resolve(tool), "#!/bin/sh\nexec " + program + " \"$@\"\n");
    }

    Run run =
        run(
            project,
            Map.of(
                "PATH", bin.toString(),
                "JAVA_HOME", javaHome.toString(),
                "FAKE_CLASS_PATH", repository.toString()),
            List.of("make", "run"));

    assertThat(run.out()).as(run.err()).containsExactly("3.0");
  }

  /** The real Maven with the project's .mvn: color codes would precede all output. */
  @Test
  void mavenPrintsNoColorsAndNoWarnings() throws Exception {
    Run run =
        run(
            Path.of("").toAbsolutePath(),
            Map.of("JAVA_HOME", JAVA_HOME),
            List.of("mvn", "-Dstyle.color=never", "-version"));

    assertThat(run.exitCode()).isZero();
    assertThat(String.join("\n", run.out())).startsWith("Apache Maven").doesNotContain("\u001b");
    assertThat(run.err()).isEmpty();
  }
}
