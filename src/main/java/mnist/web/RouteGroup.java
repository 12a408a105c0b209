package mnist.web;

import io.javalin.config.JavalinConfig;

/** Routes that belong together, and the resources that serving them takes. */
public interface RouteGroup extends AutoCloseable {
  /** Adds the routes to a server that is being set up. */
  void register(JavalinConfig config);

  /** Releases the resources; called when the server has stopped. Closing twice has no effect. */
  @Override
  default void close() {}
}
