package mnist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import mnist.nn.Activation;
import mnist.nn.Hyperparameters;
import mnist.nn.Network;
import mnist.training.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.GraphOperation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/** The graphs of the stages: names, types, shapes, seeds. */
class StagesTest {

  private static final Map<String, Network> NETWORKS = new HashMap<>();

  private static void withStage(String name, Consumer<Network> test) {
    test.accept(NETWORKS.computeIfAbsent(name, n -> Stages.named(n).network(0)));
  }

  @AfterAll
  static void closeNetworks() {
    NETWORKS.values().forEach(Network::close);
    NETWORKS.clear();
  }

  private static List<String> typesOf(Network network, String... names) {
    return List.of(names).stream().map(name -> network.graph().operation(name).type()).toList();
  }

  private static List<String> variables(Network network) {
    return network.variables().stream().map(v -> v.op().name() + " " + v.shape()).toList();
  }

  private static int count(Network network, String type) {
    int count = 0;
    for (Iterator<GraphOperation> ops = network.graph().operations(); ops.hasNext(); ) {
      if (ops.next().type().equals(type)) {
        count++;
      }
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void everyStageHasTheCommonNodes(String stage) {
    withStage(
        stage,
        network -> {
          assertThat(typesOf(network, "X", "Y_", "Y", "accuracy", "cross_entropy", "train_step"))
              .containsExactly("Placeholder", "Placeholder", "Softmax", "Mean", "Mul", "NoOp");
          assertThat(outputShapes(network, "X", "Y_", "Ylogits", "Y"))
              .containsExactly("[-1, 28, 28, 1]", "[-1, 10]", "[-1, 10]", "[-1, 10]");
          assertThat(network.accuracy().shape()).isEqualTo(Shape.scalar());
          assertThat(network.crossEntropy().shape()).isEqualTo(Shape.scalar());
        });
  }

  @Test
  void softmaxStageTrainsWithGradientDescent() {
    withStage(
        "1.0",
        network -> {
          assertThat(variables(network)).containsExactly("W [784, 10]", "b [10]");
          assertThat(count(network, "ApplyGradientDescent")).isEqualTo(2);
          assertThat(count(network, "ApplyAdam")).isZero();
          assertThat(network.hyperparameters().learningRate).isEqualTo(0.005f);
          assertThat(network.step()).isEmpty();
          assertThat(network.pkeep()).isEmpty();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.0", "2.1", "2.2"})
  void denseStagesHaveFiveLayers(String stage) {
    withStage(
        stage,
        network -> {
          assertThat(variables(network))
              .containsExactly(
                  "W1 [784, 200]",
                  "B1 [200]",
                  "W2 [200, 100]",
                  "B2 [100]",
                  "W3 [100, 60]",
                  "B3 [60]",
                  "W4 [60, 30]",
                  "B4 [30]",
                  "W5 [30, 10]",
                  "B5 [10]");
          String activation = stage.equals("2.0") ? "Sigmoid" : "Relu";
          assertThat(typesOf(network, "Y1", "Y2", "Y3", "Y4")).containsOnly(activation);
          assertThat(count(network, "ApplyAdam")).isEqualTo(10);
          assertThat(count(network, "VariableV2")).isEqualTo(10 + 2 * 10 + 2);
          assertThat(count(network, "TruncatedNormal")).isEqualTo(5);
        });
  }

  @Test
  void convolutionalStagesHaveTheScriptsShapes() {
    withStage(
        "3.0",
        network -> {
          assertThat(variables(network))
              .containsExactly(
                  "W1 [5, 5, 1, 4]",
                  "B1 [4]",
                  "W2 [5, 5, 4, 8]",
                  "B2 [8]",
                  "W3 [4, 4, 8, 12]",
                  "B3 [12]",
                  "W4 [588, 200]",
                  "B4 [200]",
                  "W5 [200, 10]",
                  "B5 [10]");
          assertThat(outputShapes(network, "Y1", "Y2", "Y3", "Y4"))
              .containsExactly("[-1, 28, 28, 4]", "[-1, 14, 14, 8]", "[-1, 7, 7, 12]", "[-1, 200]");
          assertThat(network.pkeep()).isEmpty();
        });
    withStage(
        "3.1",
        network -> {
          assertThat(variables(network))
              .containsExactly(
                  "W1 [6, 6, 1, 6]",
                  "B1 [6]",
                  "W2 [5, 5, 6, 12]",
                  "B2 [12]",
                  "W3 [4, 4, 12, 24]",
                  "B3 [24]",
                  "W4 [1176, 200]",
                  "B4 [200]",
                  "W5 [200, 10]",
                  "B5 [10]");
          assertThat(outputShapes(network, "Y1", "Y2", "Y3", "Y4"))
              .containsExactly(
                  "[-1, 28, 28, 6]", "[-1, 14, 14, 12]", "[-1, 7, 7, 24]", "[-1, 200]");
          assertThat(network.hyperparameters().keepProbability).isEqualTo(0.75f);
          assertThat(count(network, "RandomUniform")).isEqualTo(1);
        });
  }

  private static List<String> outputShapes(Network network, String... names) {
    return List.of(names).stream()
        .map(name -> network.graph().operation(name).output(0).shape().toString())
        .toList();
  }

  @Test
  void randomNodesHaveTheSeedAndTheirNumber() {
    Map<String, List<Long>> seeds = new HashMap<>();
    try (Network network = Stages.named("2.2").network(42)) {
      for (NodeDef node : network.graph().toGraphDef().getNodeList()) {
        Map<String, AttrValue> attributes = node.getAttrMap();
        if (attributes.containsKey("seed2")) {
          assertThat(attributes.get("seed").getI()).isEqualTo(42);
          seeds
              .computeIfAbsent(node.getOp(), op -> new ArrayList<>())
              .add(attributes.get("seed2").getI());
        }
      }
    }
    assertThat(seeds.get("TruncatedNormal")).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(seeds.get("RandomUniform")).containsExactly(6L, 7L, 8L, 9L);
  }

  @Test
  void decayingLearningRateIsInTheGraph() {
    withStage(
        "2.1",
        network -> {
          assertThat(typesOf(network, "lr", "step")).containsExactly("Add", "Placeholder");
          assertThat(network.hyperparameters().learningRate).isNull();
        });
  }

  @Test
  void hyperparametersReplaceTheStagesDefaults() {
    Hyperparameters hyperparameters = Stages.named("2.2").defaults(0);
    hyperparameters.activation = Activation.SIGMOID;
    hyperparameters.learningRate = 0.01f;
    try (Network network = Stages.named("2.2").network(hyperparameters)) {
      assertThat(typesOf(network, "Y1", "Y4", "lr")).containsExactly("Sigmoid", "Sigmoid", "Const");
    }
  }

  @Test
  void sigmoidStageNormalizesWithScaleAndOffset() {
    withStage(
        "4.0",
        network -> {
          assertThat(variables(network))
              .startsWith("W1 [784, 200]", "S1 [200]", "O1 [200]", "W2 [200, 100]")
              .contains("W5 [30, 10]", "B5 [10]", "M1 [200]", "V4 [30]")
              .hasSize(14 + 8);
          assertThat(network.trained()).hasSize(14);
          assertThat(count(network, "ApplyAdam")).isEqualTo(14);
          assertThat(count(network, "AssignSub")).isEqualTo(8);
          assertThat(typesOf(network, "tst", "iter", "Y1l", "Y1bn", "Y1"))
              .containsExactly("Placeholder", "Placeholder", "MatMul", "Add", "Sigmoid");
          assertThat(network.updateEma()).isEmpty(); // is in the train step
        });
  }

  @Test
  void reluStageNormalizesWithOffsetOnly() {
    withStage(
        "4.1",
        network -> {
          assertThat(variables(network))
              .startsWith("W1 [784, 200]", "B1 [200]", "W2 [200, 100]", "B2 [100]")
              .hasSize(10 + 8);
          assertThat(count(network, "AssignSub")).isEqualTo(8);
          assertThat(outputShapes(network, "Y1max", "Y4max")).containsExactly("[200]", "[30]");
          assertThat(network.updateEma()).isEmpty();
        });
  }

  @Test
  void convolutionalStageNormalizesAndDropsChannels() {
    withStage(
        "4.2",
        network -> {
          assertThat(variables(network))
              .startsWith("W1 [6, 6, 1, 24]", "B1 [24]", "W2 [5, 5, 24, 48]", "B2 [48]")
              .contains("W4 [3136, 200]", "W5 [200, 10]", "M1 [24]", "V3 [64]", "M4 [200]")
              .hasSize(10 + 8);
          assertThat(network.updateEma()).isPresent(); // after the train step
          assertThat(network.pkeepConv()).isPresent();
          assertThat(network.samplesPerExample().values())
              .containsExactlyInAnyOrder(24L, 48L, 64L, 200L);
          assertThat(network.hyperparameters().keepProbability).isEqualTo(0.75f);
        });
  }

  @Test
  void stage50MeasuresWithAveragedWeights() {
    withStage(
        "5.0",
        network -> {
          assertThat(network.trained()).hasSize(5 * 3 + 2);
          assertThat(variables(network))
              .startsWith("W1 [5, 5, 1, 32]", "S1 [32]", "B1 [32]", "W2 [3, 3, 32, 64]")
              .contains("W1_average [5, 5, 1, 32]", "B6_average [10]", "M5 [96]", "V5 [96]")
              .hasSize(2 * 17 + 10);
          assertThat(network.trainingLoss().op().name()).isEqualTo("training_loss");
          assertThat(network.samplesPerExample().values())
              .containsExactlyInAnyOrder(6L, 7 * 7 * 96L);
          // the averages' updates, and the decay of six weights
          assertThat(count(network, "AssignSub")).isEqualTo(17 + 10 + 6);
        });
  }

  @Test
  void everyStageDeclaresTheHyperparametersItUses() {
    Map<String, String> unused = new TreeMap<>();
    for (Stage stage : Stages.all()) {
      Hyperparameters defaults = stage.defaults(0);
      unused.put(stage.name(), String.join(" ", defaults.unusedOptions().keySet()));
      withStage(
          stage.name(),
          network -> {
            assertThat(network.learningRate().isPresent()).isEqualTo(!stage.name().equals("1.0"));
            assertThat(network.pkeep().isPresent()).isEqualTo(defaults.keepProbability != null);
          });
    }
    String both = "--activation --keep-probability";
    assertThat(unused)
        .containsOnly(
            entry("1.0", both),
            entry("2.0", "--keep-probability"),
            entry("2.1", "--keep-probability"),
            entry("2.2", ""),
            entry("3.0", both),
            entry("3.1", "--activation"),
            entry("4.0", both),
            entry("4.1", both),
            entry("4.2", "--activation"),
            entry("5.0", "--activation"));
  }
}
