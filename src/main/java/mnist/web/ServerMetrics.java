package mnist.web;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import mnist.platform.ProcessMemory;

/** Monitoring: {@code /metrics} for Prometheus, and {@code /healthz}. */
public final class ServerMetrics implements RouteGroup {
  private static final String KIND = "kind";
  private static final int FIRST_ERROR_STATUS = 400;

  private final PrometheusRegistry registry = new PrometheusRegistry();

  private final Counter requests =
      Counter.builder()
          .name("mnist_requests_total")
          .help("Requests by kind and response status.")
          .labelNames(KIND, "status")
          .register(registry);

  private final Counter errors =
      Counter.builder()
          .name("mnist_errors_total")
          .help("Requests that were rejected or failed, by kind.")
          .labelNames(KIND)
          .register(registry);

  private final Histogram seconds =
      Histogram.builder()
          .name("mnist_request_seconds")
          .help("Time from the request's header to its response, by kind.")
          .labelNames(KIND)
          .classicOnly()
          .classicUpperBounds(
              0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
          .register(registry);

  private final Counter images =
      Counter.builder()
          .name("mnist_images_total")
          .help("Images classified by a model.")
          .register(registry);

  public ServerMetrics() {
    GaugeWithCallback.builder()
        .name("mnist_memory_bytes")
        .help("Resident memory of this process.")
        .callback(now -> now.call(1e6 * ProcessMemory.resident()))
        .register(registry);
  }

  @Override
  public void register(JavalinConfig config) {
    config.requestLogger.http(this::countRequest);
    WebServer.get(config, "/healthz", ctx -> ctx.json(Map.of("status", "ok")));
    WebServer.get(config, "/metrics", this::send);
  }

  /** Sets the kind that a request is counted as, one of a fixed set of words. */
  static void setKind(Context ctx, String kind) {
    ctx.attribute(KIND, kind);
  }

  /** Counts images that a model has classified. */
  void countImages(int count) {
    images.inc(count);
  }

  private void countRequest(Context ctx, float millis) {
    String kind = ctx.attribute(KIND) == null ? "other" : ctx.attribute(KIND);
    int status = ctx.statusCode();
    requests.labelValues(kind, String.valueOf(status)).inc();
    seconds.labelValues(kind).observe(millis / 1000);
    if (status >= FIRST_ERROR_STATUS) {
      errors.labelValues(kind).inc();
    }
  }

  private void send(Context ctx) throws IOException {
    PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    writer.write(text, registry.scrape());
    ctx.contentType(writer.getContentType()).result(text.toByteArray());
  }
}
