package mnist.console;

import java.util.ArrayList;
import java.util.List;

/** What a terminal shows in the end: lines that wrap at its width, and what was erased gone. */
final class Screen {
  private static final String ERASE = "\033[K";

  private final int columns;
  private final List<StringBuilder> rows = new ArrayList<>(List.of(new StringBuilder()));
  private int column;

  Screen(int columns) {
    this.columns = columns;
  }

  /**
   * Shows a text and what it tells the terminal to do.
   *
   * @return all rows, without empty ones at the end
   * @throws IllegalArgumentException for what no line and no bar need
   */
  List<String> show(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\r') {
        column = 0;
      } else if (c == '\n') {
        rows.add(new StringBuilder());
        column = 0;
      } else if (text.startsWith(ERASE, i)) {
        row().setLength(column);
        i += ERASE.length() - 1;
      } else if (c < ' ') {
        throw new IllegalArgumentException("control character %d at %d".formatted((int) c, i));
      } else {
        put(c);
      }
    }
    List<String> shown = new ArrayList<>(rows.stream().map(StringBuilder::toString).toList());
    while (!shown.isEmpty() && shown.get(shown.size() - 1).isEmpty()) {
      shown.remove(shown.size() - 1);
    }
    return shown;
  }

  private StringBuilder row() {
    return rows.get(rows.size() - 1);
  }

  private void put(char c) {
    if (column == columns) {
      rows.add(new StringBuilder());
      column = 0;
    }
    if (column < row().length()) {
      row().setCharAt(column, c);
    } else {
      row().append(c);
    }
    column++;
  }
}
