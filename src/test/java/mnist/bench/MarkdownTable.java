package mnist.bench;

import java.util.ArrayList;
import java.util.List;

/** A table in Markdown, with aligned columns so that it can be read in a terminal too. */
public final class MarkdownTable {
  private final List<List<String>> rows = new ArrayList<>();

  public MarkdownTable(List<String> titles) {
    rows.add(titles);
  }

  /**
   * Appends a row.
   *
   * @param cells as many as there are titles
   */
  public void add(List<String> cells) {
    rows.add(cells);
  }

  /** All rows, each with a line end. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder rule = new StringBuilder("|");
      text.append('|');
      for (int column = 0; column < row.size(); column++) {
        int width = width(column);
        text.append(
            " %s |".formatted(row.get(column) + " ".repeat(width - row.get(column).length())));
        rule.append("-".repeat(width + 2)).append('|');
      }
      text.append('\n');
      if (row == rows.get(0)) {
        text.append(rule).append('\n');
      }
    }
    return text.toString();
  }

  private int width(int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElseThrow();
  }
}
