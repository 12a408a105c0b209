package mnist.training;

import java.util.Iterator;
import java.util.Optional;
import mnist.network.Network;
import org.tensorflow.GraphOperation;

/** Where taking a batch in parts, side by side, is of use. */
public final class Fast {
  private Fast() {}

  /**
   * Why it is of none for a network; empty where it is.
   *
   * @param parts in how many parts
   */
  public static Optional<String> ofNoUse(Network network, int parts) {
    if (parts == 1) {
      return Optional.of("one core has nothing to share out");
    }
    if (network.variables().size() > network.trained().size()) {
      return Optional.of("batch norm takes its moments over the whole batch");
    }
    if (!convolves(network)) {
      return Optional.of("its layers take less time than sharing them out");
    }
    return Optional.empty();
  }

  private static boolean convolves(Network network) {
    for (Iterator<GraphOperation> nodes = network.graph().operations(); nodes.hasNext(); ) {
      if (nodes.next().type().equals("Conv2D")) {
        return true;
      }
    }
    return false;
  }
}
