package mnist.console;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // numbers look the same everywhere
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
        .setParameterExceptionHandler(
            (e, args) -> {
              try {
                checkNames(List.of(args)); // which may be what is wrong with an option
                return CliErrors.reportWrongOption(e, err);
              } catch (InvalidPathException name) {
                return CliErrors.report(name, err);
              }
            })
        .setExecutionExceptionHandler((e, failed, parsed) -> CliErrors.report(e, err))
        .setExecutionStrategy(
            parsed -> {
              try {
                checkNames(parsed.originalArgs());
                return exitCode(new CommandLine.RunLast().execute(parsed), out, err);
              } catch (InvalidPathException | Error e) {
                return CliErrors.report(e, err);
              }
            });
  }

  /**
   * The exit code of a program that has written to standard output: 1 if not all of that arrived,
   * with a line on standard error.
   */
  public static int exitCode(int exitCode, PrintStream out, PrintStream err) {
    return out.checkError()
        ? CliErrors.report(new IOException("standard output is closed or full"), err)
        : exitCode;
  }

  /**
   * Refuses names that Java cannot read: where the locale allows ASCII only, U+FFFD stands for what
   * is not.
   */
  private static void checkNames(List<String> args) {
    List<String> names = new ArrayList<>(args);
    names.add(System.getProperty("user.dir"));
    names.add(System.getProperty("user.home"));
    names.stream().filter(name -> name.contains("\ufffd")).forEach(Path::of);
  }
}
