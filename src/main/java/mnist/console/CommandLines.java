package mnist.console;

import java.io.PrintStream;
import java.io.PrintWriter;
import mnist.platform.Versions;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Creates the command lines of all programs, which share help, errors and exit codes. */
public final class CommandLines {
  private static final int HELP_WIDTH = 80;

  private CommandLines() {}

  /**
   * The command line of a program.
   *
   * @param program a picocli command; it may throw whatever it cannot handle: {@link
   *     CliErrors#report} prints it
   * @param out where to print help and version
   * @param err where to print errors
   */
  public static CommandLine create(Object program, PrintStream out, PrintStream err) {
    CommandLine commandLine = new CommandLine(program);
    CommandSpec spec = commandLine.getCommandSpec();
    spec.mixinStandardHelpOptions(true);
    spec.versionProvider(new Versions());
    UsageMessageSpec usage = spec.usageMessage().sortOptions(false);
    if (usage.exitCodeList().isEmpty()) {
      usage
          .exitCodeListHeading("%nExit codes:%n")
          .exitCodeList(
              UsageMessageSpec.keyValuesMap(
                  "0:success", "1:failure, explained on standard error", "2:wrong option"));
    }
    return commandLine
        .setUsageHelpWidth(HELP_WIDTH)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setParameterExceptionHandler((e, args) -> CliErrors.reportWrongOption(e, err))
        .setExecutionExceptionHandler((e, failed, parsed) -> CliErrors.report(e, err))
        .setExecutionStrategy(
            parsed -> {
              try {
                return new CommandLine.RunLast().execute(parsed);
              } catch (Error e) { // which picocli lets through
                return CliErrors.report(e, err);
              }
            });
  }
}
