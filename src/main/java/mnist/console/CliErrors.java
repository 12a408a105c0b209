package mnist.console;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import mnist.platform.ErrorMessages;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Prints why a program failed, and gives its exit code. */
public final class CliErrors {
  private CliErrors() {}

  /**
   * Prints a failure: one line for what a user can do something about, a stack trace for a bug.
   *
   * @return the exit code 1
   */
  public static int report(Throwable e, PrintStream err) {
    err.println("error: " + describe(e));
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** A failure as one line or, for a bug, several with its stack trace. */
  public static String describe(Throwable e) {
    if (!isBug(e)) {
      return ErrorMessages.summarize(e);
    }
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    return "this is a bug in the program; please report it with these lines:\n"
        + trace.toString().strip();
  }

  private static boolean isBug(Throwable e) {
    return e instanceof Error
        ? !(e instanceof UnsatisfiedLinkError || e instanceof OutOfMemoryError)
        : e instanceof RuntimeException
            && !(e instanceof TFResourceExhaustedException
                || e instanceof UncheckedIOException
                || e instanceof InvalidPathException);
  }

  /**
   * Prints in one line which option is wrong, and then how to list all of them.
   *
   * @return the exit code 2
   */
  static int reportWrongOption(ParameterException e, PrintStream err) {
    err.println("error: " + describe(e));
    err.println("--help lists the options.");
    return CommandLine.ExitCode.USAGE;
  }

  /** What is wrong with the arguments, in one line. */
  public static String describe(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      String argument = unmatched.getUnmatched().get(0);
      if (!unmatched.isUnknownOption()) {
        return "unexpected argument " + argument;
      }
      String suggestions = String.join(" or ", unmatched.getSuggestions());
      return "unknown option "
          + argument.replaceFirst("=.*", "")
          + (suggestions.isEmpty() ? "" : "; did you mean " + suggestions + "?");
    }
    if (e instanceof MissingParameterException missing && !missing.getMissing().isEmpty()) {
      ArgSpec argument = missing.getMissing().get(0);
      return argument.required()
          ? label(argument) + " is missing"
          : name(argument) + " needs a value: " + label(argument);
    }
    if (e instanceof OverwrittenOptionException twice) {
      return name(twice.getOverwritten()) + " may be given only once";
    }
    if (e.getArgSpec() != null && e.getValue() != null) {
      return name(e.getArgSpec()) + expected(e);
    }
    return ErrorMessages.summarize(e);
  }

  /** Such as " needs a number, found abc". */
  private static String expected(ParameterException e) {
    if (e.getCause() instanceof IllegalArgumentException explained) { // a program's own converter
      return ": " + explained.getMessage();
    }
    Class<?> type = e.getArgSpec().auxiliaryTypes()[0];
    if (type == boolean.class) {
      return " takes no value, found " + e.getValue();
    }
    String found = ", found " + (e.getValue().isEmpty() ? "nothing" : e.getValue());
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return " needs a "
          + (e.getValue().matches("[-+]?\\d+") ? "smaller " : "")
          + "whole number"
          + found;
    }
    if (type == float.class || type == Float.class) {
      return " needs a number" + found;
    }
    if (type.isEnum()) {
      return " needs one of "
          + Arrays.stream(type.getEnumConstants())
              .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "))
          + found;
    }
    return " cannot be used" + found;
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }

  /** Such as "--model=DIR". */
  private static String label(ArgSpec argument) {
    return argument instanceof OptionSpec option
        ? option.longestName() + "=" + option.paramLabel()
        : argument.paramLabel();
  }
}
