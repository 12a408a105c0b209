package mnist.app;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mnist.Stages;
import mnist.console.CommandLines;
import mnist.platform.Versions;

/** The entry point of the jar: starts a stage by its number or another program by its name. */
public final class Main {
  private record Program(String name, String description, Consumer<String[]> main) {}

  private static final List<Program> PROGRAMS =
      List.of(
          new Program("resume", "resume the newest interrupted run", Resume::main),
          new Program("view", "show all runs in the browser", View::main),
          new Program("predict", "classify images with a trained model", Predict::main),
          new Program("serve", "serve a model: a page to draw on, and HTTP", Serve::main),
          new Program("import", "convert your own pictures to a data set", ImportPictures::main),
          new Program("picture", "draw a run as a PNG", RunPicture::main),
          new Program("movie", "draw a run as a GIF and an MP4", RunMovie::main));

  private Main() {}

  /**
   * Starts a program, which ends the process with its own exit code; 2 if there is no such program.
   *
   * @param args the number of a stage or the name of a program, followed by its arguments
   */
  public static void main(String[] args) {
    List<String> given = List.of(args);
    if (given.isEmpty() || List.of("--help", "-h").contains(given.get(0))) {
      printHelp(System.out);
      System.exit(CommandLines.exitCode(0, System.out, System.err));
    } else if (List.of("--version", "-V").contains(given.get(0))) {
      System.out.println(new Versions().getVersion()[0]);
      System.exit(CommandLines.exitCode(0, System.out, System.err));
    } else {
      String[] rest = Arrays.copyOfRange(args, 1, args.length);
      Optional<Consumer<String[]>> main = find(given.get(0));
      if (main.isEmpty()) {
        System.err.println("error: no stage or program named " + given.get(0) + "; see --help");
        System.exit(2);
      }
      main.orElseThrow().accept(rest);
    }
  }

  private static Optional<Consumer<String[]>> find(String name) {
    return Stream.concat(
            PROGRAMS.stream(),
            Stages.all().stream()
                .map(s -> new Program(s.name(), s.title(), args -> Training.main(s, args))))
        .filter(program -> program.name.equals(name))
        .map(Program::main)
        .findFirst();
  }

  private static void printHelp(PrintStream out) {
    out.println("Usage: java -jar mnist.jar STAGE|PROGRAM [OPTIONS]");
    out.println();
    out.println("Train a stage:");
    Stages.all().forEach(stage -> out.printf("  %-10s  %s%n", stage.name(), stage.title()));
    out.println();
    out.println("Run another program:");
    PROGRAMS.forEach(program -> out.printf("  %-10s  %s%n", program.name, program.description));
    out.println();
    out.println("STAGE --help and PROGRAM --help list the options.");
  }
}
