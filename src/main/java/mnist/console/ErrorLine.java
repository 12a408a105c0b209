package mnist.console;

import java.io.PrintStream;
import mnist.platform.Reason;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What a terminal is told when something cannot be done: one line, and an exit code. */
public final class ErrorLine {
  private ErrorLine() {}

  /** Says why something could not be done; gives the exit code 1. */
  public static int notDone(Throwable e, PrintStream err) {
    err.println("error: " + Reason.inOneLine(e));
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Says which option is wrong, in a line, and where all are listed; gives the exit code 2. */
  public static int wrongOption(ParameterException wrong, PrintStream err) {
    // picocli names Java's class of what it expected.
    err.println(
        "error: " + Reason.inOneLine(wrong).replace("interface java.nio.file.Path", "a path"));
    err.println("--help lists the options.");
    return CommandLine.ExitCode.USAGE;
  }
}
