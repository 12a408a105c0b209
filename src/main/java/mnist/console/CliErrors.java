package mnist.console;

import java.io.PrintStream;
import mnist.platform.ErrorMessages;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What a terminal is told when something cannot be done: one line, and an exit code. */
public final class CliErrors {
  private CliErrors() {}

  /** Says why something could not be done; gives the exit code 1. */
  public static int report(Throwable e, PrintStream err) {
    err.println("error: " + ErrorMessages.summarize(e));
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Says which option is wrong, in a line, and where all are listed; gives the exit code 2. */
  public static int reportWrongOption(ParameterException wrong, PrintStream err) {
    // picocli names Java's class of what it expected.
    err.println(
        "error: "
            + ErrorMessages.summarize(wrong).replace("interface java.nio.file.Path", "a path"));
    err.println("--help lists the options.");
    return CommandLine.ExitCode.USAGE;
  }
}
