package mnist.web;

import io.javalin.http.Context;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import mnist.platform.ProcessMemory;

/** What goes through the server, counted for Prometheus. */
final class ServerMetrics {
  private static final String KIND = "kind";
  private static final int FIRST_ERROR = 400;

  private final PrometheusRegistry registry = new PrometheusRegistry();

  private final Counter requests =
      Counter.builder()
          .name("mnist_requests_total")
          .help("Requests, by what was asked and the answer's status.")
          .labelNames("kind", "status")
          .register(registry);

  private final Counter errors =
      Counter.builder()
          .name("mnist_errors_total")
          .help("Requests that were refused or failed.")
          .labelNames("kind")
          .register(registry);

  private final Histogram seconds =
      Histogram.builder()
          .name("mnist_request_seconds")
          .help("From a request's head to its answer.")
          .labelNames("kind")
          .classicOnly()
          .classicUpperBounds(
              0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
          .register(registry);

  private final Counter images =
      Counter.builder()
          .name("mnist_images_total")
          .help("Images that a model was asked about.")
          .register(registry);

  ServerMetrics() {
    GaugeWithCallback.builder()
        .name("mnist_memory_bytes")
        .help("Of this process, in RAM.")
        .callback(now -> now.call(1e6 * ProcessMemory.resident()))
        .register(registry);
  }

  /** Says what a request asks, one of a few words. */
  static void is(Context ctx, String kind) {
    ctx.attribute(KIND, kind);
  }

  /** Counts images that were answered. */
  void answered(int count) {
    images.inc(count);
  }

  /**
   * Counts a request that has been answered.
   *
   * @param millis that it took
   */
  void count(Context ctx, float millis) {
    String said = ctx.attribute(KIND);
    String kind = said == null ? "other" : said;
    int status = ctx.statusCode();
    requests.labelValues(kind, String.valueOf(status)).inc();
    seconds.labelValues(kind).observe(millis / 1000);
    if (status >= FIRST_ERROR) {
      errors.labelValues(kind).inc();
    }
  }

  /** All of it in Prometheus's text form. */
  void send(Context ctx) throws IOException {
    PrometheusTextFormatWriter form = PrometheusTextFormatWriter.create();
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    form.write(text, registry.scrape());
    ctx.contentType(form.getContentType()).result(text.toByteArray());
  }
}
