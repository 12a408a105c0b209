package mnist.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Options of a run with several values each, of which every combination is wanted: {@code
 * --learning-rate 0.001,0.003,0.01 --seed 0..4}.
 *
 * @param values of each option, in the order given; those of an option without a value are one
 *     empty text
 */
record Grid(Map<String, List<String>> values) {
  private static final int MOST = 10_000;
  private static final Pattern RANGE = Pattern.compile("(-?\\d{1,9})\\.\\.(-?\\d{1,9})");
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");

  /**
   * Reads a grid: options as on the command line, values divided by commas, whole numbers also as
   * {@code first..last}.
   *
   * @throws IllegalArgumentException if it is none, or has more than 10,000 combinations
   */
  static Grid parse(String text) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    String option = null;
    for (String word : text.strip().split("\\s+")) {
      String name = word.split("=", 2)[0];
      if (OPTION.matcher(name).matches()) {
        if (values.put(name, List.of("")) != null) {
          throw new IllegalArgumentException("the grid has " + name + " twice");
        }
        option = name;
        word = word.contains("=") ? word.substring(name.length() + 1) : null;
      }
      if (word != null) {
        if (option == null || !values.get(option).equals(List.of(""))) {
          throw new IllegalArgumentException(
              "the grid has \"%s\", expected options with values, such as --seed 0..4"
                  .formatted(word));
        }
        values.put(option, listed(option, word));
      }
    }
    Grid grid = new Grid(values);
    long size = 1;
    for (List<String> some : values.values()) {
      size = Math.min(MOST + 1, size * some.size());
    }
    if (size > MOST) {
      throw new IllegalArgumentException("the grid has more than %,d combinations".formatted(MOST));
    }
    return grid;
  }

  private static List<String> listed(String option, String word) {
    List<String> values = new ArrayList<>();
    for (String part : word.split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      if (range.matches()) {
        int first = Integer.parseInt(range.group(1));
        int last = Integer.parseInt(range.group(2));
        if (last < first || last - first >= MOST) {
          throw new IllegalArgumentException(
              "%s %s: expected first..last with at most %,d values".formatted(option, part, MOST));
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
            "%s %s has %s, expected values that differ"
                .formatted(option, word, values.get(i).isEmpty() ? "an empty value" : "one twice"));
      }
    }
    return values;
  }

  /** Every combination: a value for each option, the last option's changing fastest. */
  List<Map<String, String>> combinations() {
    List<Map<String, String>> combinations = List.of(Map.of());
    for (Map.Entry<String, List<String>> option : values.entrySet()) {
      List<Map<String, String>> more = new ArrayList<>();
      for (Map<String, String> combination : combinations) {
        for (String value : option.getValue()) {
          Map<String, String> one = new LinkedHashMap<>(combination);
          one.put(option.getKey(), value);
          more.add(one);
        }
      }
      combinations = more;
    }
    return combinations;
  }

  /** The options that have more than one value. */
  List<String> varying() {
    return values.keySet().stream().filter(option -> values.get(option).size() > 1).toList();
  }
}
