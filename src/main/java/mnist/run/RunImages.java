package mnist.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mnist.data.DataSet;
import mnist.sources.DataListener;
import mnist.sources.DataSets;
import mnist.sources.DataSource;
import mnist.view.ViewServer;

/** The data sets of runs, found again by what their records say; the last one stays open. */
final class RunImages implements ViewServer.Images {
  /** Nothing is downloaded from a folder that is named, so there is nothing to hear. */
  private static final DataListener SILENT =
      new DataListener() {
        @Override
        public void notice(String text) {}

        @Override
        public void downloading(String file, long bytes, long total) {}
      };

  private Map<String, String> openHashes = Map.of();
  private DataSet open;

  RunImages() {}

  /** Those of a run in this process. */
  RunImages(DataSet ofThisRun) {
    open = ofThisRun;
    openHashes = new TreeMap<>(ofThisRun.sha256());
  }

  @Override
  public synchronized DataSet of(Path run) throws IOException {
    JsonNode data = new ObjectMapper().readTree(run.resolve("run.json").toFile()).path("data");
    Map<String, String> hashes = new TreeMap<>();
    data.path("sha256").properties().forEach(e -> hashes.put(e.getKey(), e.getValue().asText()));
    if (!hashes.equals(openHashes)) {
      Path source = Path.of(data.path("source").asText());
      DataSet found = DataSets.ofThisProject(SILENT).open(DataSource.AUTO, Optional.of(source));
      if (!new TreeMap<>(found.sha256()).equals(hashes)) {
        throw new IOException(
            "the images in " + source + " are no longer those that the run was made with");
      }
      open = found;
      openHashes = hashes;
    }
    return open;
  }
}
