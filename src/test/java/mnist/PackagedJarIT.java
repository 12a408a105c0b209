package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar: its programs, and the example in the README compiled and run against it. */
class PackagedJarIT {
  private static final Path JAR = Path.of("target", "mnist.jar").toAbsolutePath();

  /** A Java class in the README. */
  private static final Pattern EXAMPLE =
      Pattern.compile("```java\\n((?:(?!```).)*?\\nclass (\\w+) \\{.*?)```", Pattern.DOTALL);

  @TempDir Path folder;

  private String java(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    int exitCode =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start()
            .waitFor();
    assertThat(exitCode).as(Files.readString(err)).isZero();
    return Files.readString(out);
  }

  private String train(String name) throws Exception {
    String data = TestData.drawnDigits().source();
    java("-jar", JAR.toString(), "1.0", "--iterations=100", "--data=" + data, "--run-dir=" + name);
    return Path.of(name, "model").toString();
  }

  private String image() {
    return Path.of("src/test/resources/mnist/pictures/2-white-on-black.png")
        .toAbsolutePath()
        .toString();
  }

  @Test
  void listsStagesAndPrograms() throws Exception {
    assertThat(java("-jar", JAR.toString(), "--help"))
        .contains("\n  2.1 ", "\n  5.0 ", "\n  predict ", "\n  view ");
  }

  @Test
  void trainsAndPredicts() throws Exception {
    String model = train("run");
    assertThat(java("-jar", JAR.toString(), "predict", "--model", model, image()))
        .contains("2-white-on-black.png");
  }

  @Test
  void runsTheExampleInTheReadme() throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(Path.of("README.md")));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve(example.group(2) + ".java");
    Files.writeString(source, example.group(1));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", JAR.toString(), source.toString());
    assertThat(compiled).isZero();

    String classPath = String.join(File.pathSeparator, JAR.toString(), folder.toString());
    assertThat(java("-cp", classPath, example.group(2), train("run"), image())).matches("\\d\\R");
  }
}
