package mnist.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir Path runs;

  private Path run(String name, String json) throws IOException {
    Path folder = Files.createDirectory(runs.resolve(name));
    Files.writeString(folder.resolve("run.json"), json);
    return folder;
  }

  @Test
  void theNewestIsTheOneThatStartedLast() throws Exception {
    assertThatThrownBy(() -> RunFolder.newest(runs)).hasMessageContaining("holds no run");

    run("3.0-a", "{\"started\": \"2026-01-01T10:00:00Z\"}");
    Path last = run("1.0-b", "{\"started\": \"2026-01-01T10:00:00.5Z\", \"later\": 1}");
    run("2.0-c", "{\"started\": \"2025-12-31T23:59:59.999Z\"}");
    run("3.1-damaged", "{\"started");
    run("3.1-says-nothing", "{}");
    Files.createFile(runs.resolve("no folder"));

    assertThat(RunFolder.newest(runs).path()).isEqualTo(last);
  }
}
