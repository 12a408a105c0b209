package mnist.spark;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/** What a program said and gave back that ran in this process. */
record Said(int exitCode, String out, String err) {
  /** A command line. */
  interface CommandLine {
    int run(PrintStream screen, PrintStream err, String... args);
  }

  static Said by(CommandLine program, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = program.run(new PrintStream(out, true), new PrintStream(err, true), args);
    return new Said(exitCode, out.toString(), err.toString());
  }
}
