package mnist.spark;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/** The exit code and output of a program that ran in this process. */
record ProgramResult(int exitCode, String out, String err) {
  interface Main {
    int run(PrintStream console, PrintStream err, String... args);
  }

  static ProgramResult run(Main program, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = program.run(new PrintStream(out, true), new PrintStream(err, true), args);
    return new ProgramResult(exitCode, out.toString(), err.toString());
  }
}
