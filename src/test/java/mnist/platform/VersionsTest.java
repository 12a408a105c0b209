package mnist.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VersionsTest {
  private static final Map<String, Object> PLATFORM =
      Map.of(
          "os",
          "Linux 6.1",
          "arch",
          "amd64",
          "processors",
          2,
          "cpu",
          "EPYC",
          "cpu_flags",
          List.of("avx", "avx2"),
          "onednn",
          true,
          "intra_op_threads",
          2,
          "inter_op_threads",
          2,
          "environment",
          Map.of("OMP_NUM_THREADS", "1"));

  private static Map<String, Object> with(String key, Object value) {
    Map<String, Object> platform = new HashMap<>(PLATFORM);
    platform.put(key, value);
    return platform;
  }

  @Test
  void aPlatformEqualsItself() {
    assertThat(Versions.differences(PLATFORM, PLATFORM)).isEmpty();
    Map<String, Object> here = Versions.platform(true);
    assertThat(Versions.differences(here, Versions.platform(true))).isEmpty();
    assertThat(Versions.differences(here, Versions.platform(false)))
        .containsExactly("onednn was true, is false");
  }

  @ParameterizedTest
  @CsvSource({
    "os, Windows 11 10.0, os was Linux 6.1, is Windows 11 10.0",
    "arch, aarch64, arch was amd64, is aarch64",
    "cpu, Xeon, cpu was EPYC, is Xeon",
    "intra_op_threads, 4, intra_op_threads was 2, is 4"
  })
  void whatNumbersDependOnIsNamed(String key, String value, String was, String is) {
    assertThat(Versions.differences(PLATFORM, with(key, value)))
        .containsExactly(was.strip() + ", " + is.strip());
  }

  @Test
  void variablesAreComparedOneByOneUnlessTheirEffectIs() {
    Map<String, String> other = Map.of("ONEDNN_MAX_CPU_ISA", "AVX2", "TF_NUM_INTRAOP_THREADS", "2");
    assertThat(Versions.differences(PLATFORM, with("environment", other)))
        .containsExactlyInAnyOrder(
            "OMP_NUM_THREADS was 1, is not set", "ONEDNN_MAX_CPU_ISA was not set, is AVX2");
  }

  @Test
  void whatDoesNotMatterOrWasNotRecordedIsNotCompared() {
    assertThat(Versions.differences(PLATFORM, with("os", "Linux 6.2"))).isEmpty();
    assertThat(Versions.differences(PLATFORM, with("processors", 4))).isEmpty();
    assertThat(Versions.differences(with("cpu_flags", List.of()), PLATFORM)).isEmpty();
    assertThat(Versions.differences(Map.of("environment", Map.of()), PLATFORM)).isEmpty();
  }
}
