package mnist.web;

/** The web pages: their HTML, scripts and styles. Added after the routes whose names they match. */
public final class WebPages {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  private WebPages() {}

  /** The page that shows runs, at a path such as "/"; it calls {@link RunRoutes}. */
  public static RouteGroup runs(String path) {
    return config -> {
      WebServer.addFiles(config, path, "/mnist/view/");
      WebServer.addFiles(config, "/uplot/", UPLOT);
    };
  }

  /** The page to draw digits on, at a path such as "/"; it calls {@link DrawingRoutes}. */
  public static RouteGroup drawing(String path) {
    return config -> WebServer.addFiles(config, path, "/mnist/draw/");
  }
}
