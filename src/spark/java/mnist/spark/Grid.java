package mnist.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A search grid: options with several values each, such as {@code --learning-rate 0.001,0.003,0.01
 * --seed 0..4}.
 *
 * @param values of each option, in the order given; an option without a value has one empty string
 */
record Grid(Map<String, List<String>> values) {
  private static final int MAX_COMBINATIONS = 10_000;
  private static final Pattern RANGE = Pattern.compile("(-?\\d{1,9})\\.\\.(-?\\d{1,9})");
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");

  /**
   * Parses options as on the command line, with comma-separated values, or integers as {@code
   * first..last}.
   *
   * @throws IllegalArgumentException if the text is invalid or has more than 10,000 combinations
   */
  static Grid parse(String text) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    String option = null;
    for (String word : text.strip().split("\\s+")) {
      String name = word.split("=", 2)[0];
      if (OPTION.matcher(name).matches()) {
        if (values.put(name, List.of("")) != null) {
          throw new IllegalArgumentException("the grid contains " + name + " twice");
        }
        option = name;
        word = word.contains("=") ? word.substring(name.length() + 1) : null;
      }
      if (word != null) {
        if (option == null || !values.get(option).equals(List.of(""))) {
          throw new IllegalArgumentException(
              "the grid contains \"%s\", expected options with values, such as --seed 0..4"
                  .formatted(word));
        }
        values.put(option, parseValues(option, word));
      }
    }
    if (values.values().stream().mapToDouble(List::size).reduce(1, (a, b) -> a * b)
        > MAX_COMBINATIONS) {
      throw new IllegalArgumentException(
          "the grid has more than %,d combinations".formatted(MAX_COMBINATIONS));
    }
    return new Grid(values);
  }

  private static List<String> parseValues(String option, String word) {
    List<String> values = new ArrayList<>();
    for (String part : word.split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      if (range.matches()) {
        int first = Integer.parseInt(range.group(1));
        int last = Integer.parseInt(range.group(2));
        if (last < first || last - first >= MAX_COMBINATIONS) {
          throw new IllegalArgumentException(
              "%s %s: expected first..last with at most %,d values"
                  .formatted(option, part, MAX_COMBINATIONS));
        }
        for (int i = first; i <= last; i++) {
          values.add(String.valueOf(i));
        }
      } else {
        values.add(part);
      }
    }
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).isEmpty() || values.indexOf(values.get(i)) < i) {
        throw new IllegalArgumentException(
            "%s %s contains %s, expected distinct values"
                .formatted(
                    option,
                    word,
                    values.get(i).isEmpty() ? "an empty value" : values.get(i) + " twice"));
      }
    }
    return values;
  }

  /** All combinations of a value for each option; the last option varies fastest. */
  List<Map<String, String>> combinations() {
    List<Map<String, String>> combinations = List.of(Map.of());
    for (Map.Entry<String, List<String>> option : values.entrySet()) {
      List<Map<String, String>> extended = new ArrayList<>();
      for (Map<String, String> combination : combinations) {
        for (String value : option.getValue()) {
          Map<String, String> copy = new LinkedHashMap<>(combination);
          copy.put(option.getKey(), value);
          extended.add(copy);
        }
      }
      combinations = extended;
    }
    return combinations;
  }

  /** The options with more than one value. */
  List<String> varying() {
    return values.keySet().stream().filter(option -> values.get(option).size() > 1).toList();
  }
}
