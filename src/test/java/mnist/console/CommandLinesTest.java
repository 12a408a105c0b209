package mnist.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mnist.data.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.exceptions.TensorFlowException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What all programs have in common: the wording of errors, exit codes, help. */
class CommandLinesTest {
  @Command(name = "sample", description = "Shows how options of all types are handled.")
  private static final class Sample implements Callable<Integer> {
    @Option(names = "--count", paramLabel = "N")
    private int count;

    @Option(names = "--seed", paramLabel = "N")
    private long seed;

    @Option(names = "--rate", paramLabel = "X")
    private Float rate;

    @Option(names = "--split", paramLabel = "NAME")
    private Split split;

    @Option(names = "--square", paramLabel = "N", converter = Square.class)
    private Integer square;

    @Option(names = "--folder", paramLabel = "DIR")
    private Path folder;

    @Option(names = "--quiet")
    private boolean quiet;

    @Parameters(paramLabel = "FILE")
    private String file;

    private final Throwable failure;

    Sample(Throwable failure) {
      this.failure = failure;
    }

    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure != null) {
        throw (Exception) failure;
      }
      return 0;
    }
  }

  private static final class Square implements picocli.CommandLine.ITypeConverter<String> {
    @Override
    public String convert(String text) {
      throw new IllegalArgumentException("expected a square, found " + text);
    }
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(Throwable failure, String... args) {
    return CommandLines.create(
            new Sample(failure),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8))
        .execute(args);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "x --cuont=5     | unknown option --cuont",
        "x --coumt=5     | unknown option --coumt; did you mean --count?",
        "x --se=1        | unknown option --se; did you mean --seed?",
        "x y             | unexpected argument y",
        "--count=1       | FILE is missing",
        "x --count       | --count needs a value: --count=N",
        "x --count=      | --count needs a whole number, found nothing",
        "x --count=abc   | --count needs a whole number, found abc",
        "x --count=1.5   | --count needs a whole number, found 1.5",
        "x --count=3000000000 | --count needs a smaller whole number, found 3000000000",
        "x --seed=1e3    | --seed needs a whole number, found 1e3",
        "x --rate=0,5    | --rate needs a number, found 0,5",
        "x --split=all   | --split needs one of train, test, found all",
        "x --square=3    | --square: expected a square, found 3",
        "x --quiet=5     | --quiet takes no value, found 5",
        "x --seed=1 --seed=2 | --seed may be given only once"
      })
  void explainsWrongOptions(String args, String message) {
    assertThat(run(null, args.split(" "))).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .isEqualTo("error: " + message + "\n--help lists the options.\n");
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @Test
  void enumValuesMayBeInAnyCase() {
    assertThat(run(null, "--split=Train", "x")).isZero();
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @Test
  void reportsTheUsersFailuresInOneLine() {
    assertThat(run(new NoSuchFileException("here.png"), "x")).isEqualTo(1);
    assertThat(run(new TFResourceExhaustedException("OOM\nat node X"), "x")).isEqualTo(1);
    assertThat(run(new OutOfMemoryError("Java heap space"), "x")).isEqualTo(1);
    assertThat(run(new java.io.UncheckedIOException(new IOException("disk full")), "x"))
        .isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            """
            error: here.png: no such file or folder
            error: OOM
            error: not enough memory (Java heap space)
            error: disk full
            """);
  }

  @Test
  void reportsThatStandardOutputIsFull() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    PrintStream errors = new PrintStream(err, true, UTF_8);
    CommandLine program =
        CommandLines.create(new Sample(null), new PrintStream(full, true), errors);
    assertThat(program.execute("--help")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).isEqualTo("error: standard output is closed or full\n");
  }

  @Test
  void reportsBugsWithTheirStackTrace() {
    assertThat(run(new IllegalStateException("impossible"), "x")).isEqualTo(1);
    assertThat(run(new StackOverflowError(), "x")).isEqualTo(1);
    assertThat(run(new TensorFlowException("bad shape"), "x")).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("this is a bug in the program")
        .contains("java.lang.IllegalStateException: impossible", "java.lang.StackOverflowError")
        .contains("org.tensorflow.exceptions.TensorFlowException: bad shape")
        .contains("\tat mnist.console.CommandLinesTest");
  }

  @Test
  void helpFitsAnEightyColumnTerminal() {
    assertThat(run(null, "--help")).isZero();
    assertThat(out.toString(UTF_8))
        .startsWith("Usage: sample ")
        .contains("Exit codes:", "--help", "--version");
    assertThat(out.toString(UTF_8).lines()).allMatch(line -> line.length() <= 80);
  }
}
