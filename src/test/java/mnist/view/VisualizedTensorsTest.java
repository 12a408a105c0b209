package mnist.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mnist.Stages;
import mnist.nn.Network;
import mnist.runs.RecordHeader.Group;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tensors that are visualized, for each stage. */
class VisualizedTensorsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1.0; weights W; biases b",
        "2.2; weights W1 W2 W3 W4 W5; biases B1 B2 B3 B4 B5",
        "3.0; weights W1 W2 W3 W4 W5; biases B1 B2 B3 B4 B5",
        "4.0; logits Y1l Y2l Y3l Y4l Ylogits; activations Y1 Y2 Y3 Y4 Y",
        "4.1; logits Y1l Y2l Y3l Y4l Ylogits; maxima Y1max Y2max Y3max Y4max",
        "4.2; convolutional maxima Y1max Y2max Y3max; maxima Y4max",
        "5.0; weights W1 W2 W3 W4 W5 W6; biases B1 B2 B3 B4 B5 B6"
      })
  void panels4And5ShowWhatTheScriptsShow(String stage, String panel4, String panel5) {
    try (Network network = Stages.named(stage).network(0)) {
      List<Group> groups = VisualizedTensors.groups(network);
      assertThat(VisualizedTensors.panels(groups))
          .map(name -> groups.stream().filter(group -> group.name().equals(name)).findFirst())
          .map(group -> group.orElseThrow().name() + " " + String.join(" ", group.get().nodes()))
          .containsExactly(panel4, panel5);
      assertThat(groups).noneMatch(group -> group.nodes().isEmpty());
    }
  }
}
