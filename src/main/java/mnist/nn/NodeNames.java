package mnist.nn;

import java.util.Locale;
import java.util.function.Supplier;

/**
 * The names that TensorFlow Java gives to nodes, such as {@code Const_1}. It writes the number with
 * the digits of the default locale, but a graph accepts ASCII only.
 */
public final class NodeNames {
  private NodeNames() {}

  /**
   * Builds a graph, one at a time; meanwhile the default locale for formatting is {@link
   * Locale#ROOT}.
   */
  public static synchronized <T> T withAsciiDigits(Supplier<T> graph) {
    Locale locale = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    try {
      return graph.get();
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, locale);
    }
  }
}
