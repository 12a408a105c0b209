package mnist.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import mnist.Stages;
import mnist.data.DataSet;
import mnist.nn.Network;
import mnist.nn.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

class ModelTest {
  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void writeAModelWithAllWeightsZero() throws IOException {
    folder = temporary.resolve("model");
    write("1.0", new float[7850]);
  }

  private void write(String stage, float... weights) throws IOException {
    ModelCard card =
        new ModelCard(stage, "a title", "mnist", 0, 0.1f, "abc", DataSet.DIGITS, Map.of());
    try (Network network = Stages.named(stage).network(0)) {
      SavedModelFolder.write(folder, true, network, new Weights(weights), card);
    }
  }

  private void rewrite(UnaryOperator<MetaGraphDef> change) throws IOException {
    Path file = folder.resolve("saved_model.pb");
    SavedModel model = SavedModel.parseFrom(Files.readAllBytes(file));
    Files.write(
        file,
        model.toBuilder()
            .setMetaGraphs(0, change.apply(model.getMetaGraphs(0)))
            .build()
            .toByteArray());
  }

  private void rewriteSignature(UnaryOperator<SignatureDef> change) throws IOException {
    rewrite(
        graph ->
            graph.toBuilder()
                .putSignatureDef(
                    "serving_default",
                    change.apply(graph.getSignatureDefOrThrow("serving_default")))
                .build());
  }

  private void assertRefused(String... parts) {
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> Model.load(folder).close())
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .contains(folder.toString())
                    .contains(parts)
                    .hasLineCount(1));
  }

  @Test
  void returnsTenProbabilitiesForEachImage() throws IOException {
    try (Model model = Model.load(folder)) {
      assertThat(model.probabilities(new float[3 * 784])).hasSize(30).containsOnly(0.1f);
      assertThatIllegalArgumentException().isThrownBy(() -> model.probabilities(new float[785]));
      assertThatIllegalArgumentException().isThrownBy(model::probabilities);
    }
  }

  @Test
  void theOtherImagesOfABatchChangeNoBit() throws IOException {
    Random random = new Random(1);
    write("2.1", random(random, 185_300));
    int count = Model.BATCH_SIZE + 100;
    float[] images = random(random, count * 784);
    try (Model model = Model.load(folder)) {
      float[] all = model.batchInvariantProbabilities(images);
      assertThat(all).hasSize(count * 10);
      for (int image : new int[] {0, 1, 2, 77, Model.BATCH_SIZE - 1, Model.BATCH_SIZE, count - 1}) {
        float[] alone = Arrays.copyOfRange(images, image * 784, (image + 1) * 784);
        assertThat(model.batchInvariantProbabilities(alone))
            .as("image %d", image)
            .isEqualTo(Arrays.copyOfRange(all, image * 10, (image + 1) * 10));
      }
      int shift = 37;
      assertThat(
              model.batchInvariantProbabilities(
                  Arrays.copyOfRange(images, shift * 784, images.length)))
          .isEqualTo(Arrays.copyOfRange(all, shift * 10, all.length));
      assertThatIllegalArgumentException().isThrownBy(model::batchInvariantProbabilities);
    }
  }

  /** TensorFlow's threads flush numbers below 1.2e-38 to 0; Java's do not. */
  @Test
  void denormalProbabilitiesAreZeroAsInPython() throws IOException {
    float[] weights = new float[7850];
    weights[7840] = 90; // the other classes have e^-90, or 8e-40
    write("1.0", weights);
    try (Model model = Model.load(folder)) {
      for (int images : new int[] {1, 1000}) {
        float[] probabilities = model.probabilities(new float[images * 784]);
        for (int i = 0; i < probabilities.length; i++) {
          if (i % 10 == 0) {
            assertThat(probabilities[i]).isCloseTo(1, within(1e-6f));
          } else {
            assertThat(probabilities[i]).isZero();
          }
        }
      }
    }
  }

  private static float[] random(Random random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = 0.1f * random.nextFloat();
    }
    return numbers;
  }

  @Test
  void theCardIsOptional() throws IOException {
    Files.delete(folder.resolve("assets.extra/mnist.json"));
    try (Model model = Model.load(folder)) {
      assertThat(model.card()).isEmpty();
      assertThat(model.probabilities(new float[784])).hasSize(10);
    }
  }

  @Test
  void refusesFoldersWithoutAModel() throws IOException {
    Path model = folder;
    folder = temporary.resolve("nothing");
    assertRefused("is not a SavedModel", "saved_model.pb");
    folder = Files.createDirectory(temporary.resolve("empty"));
    assertRefused("is not a SavedModel");
    folder = model.resolve("saved_model.pb");
    assertRefused("is not a SavedModel");
    folder = temporary;
    assertRefused("is not a SavedModel", "; did you mean " + model + "?");
  }

  @Test
  void refusesDamagedModels() throws IOException {
    byte[] good = Files.readAllBytes(folder.resolve("saved_model.pb"));
    Files.write(folder.resolve("saved_model.pb"), Arrays.copyOf(good, good.length / 2));
    assertRefused("cannot be loaded");
    Files.write(folder.resolve("saved_model.pb"), new byte[0]);
    assertRefused("cannot be loaded");
    Files.write(folder.resolve("saved_model.pb"), good);
    Files.delete(folder.resolve("variables/variables.index"));
    assertRefused("cannot be loaded");
  }

  @Test
  void refusesADamagedCard() throws IOException {
    Path card = folder.resolve("assets.extra/mnist.json");
    Files.writeString(card, "{\"stage\":");
    assertRefused("mnist.json is damaged");
    Files.writeString(card, "null");
    assertRefused("mnist.json does not name 10 classes");
    Files.writeString(card, "{\"class_names\": [\"cat\", \"dog\"]}");
    assertRefused("mnist.json does not name 10 classes");
  }

  @Test
  void readsACardOfALaterVersion() throws IOException {
    Path card = folder.resolve("assets.extra/mnist.json");
    Files.writeString(card, Files.readString(card).replaceFirst("\\{", "{\"mood\": \"good\", "));
    try (Model model = Model.load(folder)) {
      assertThat(model.card().orElseThrow().stage()).isEqualTo("1.0");
    }
  }

  @Test
  void refusesAModelWithFurtherInputs() throws IOException {
    rewrite(
        graph -> {
          GraphDef.Builder nodes = graph.getGraphDef().toBuilder();
          for (NodeDef.Builder node : nodes.getNodeBuilderList()) {
            if (node.getName().equals("Ylogits")) {
              node.setInput(1, "pkeep");
            }
          }
          nodes.addNode(
              NodeDef.newBuilder()
                  .setName("pkeep")
                  .setOp("Placeholder")
                  .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build()));
          return graph.toBuilder().setGraphDef(nodes).build();
        });
    assertRefused("cannot be loaded", "pkeep");
  }

  @Test
  void refusesAModelWhoseOutputContradictsItsSignature() throws IOException {
    rewriteSignature(
        signature -> {
          TensorInfo predictions = signature.getOutputsOrThrow("predictions");
          return signature.toBuilder()
              .putOutputs("predictions", predictions.toBuilder().setName("W:0").build())
              .build();
        });
    assertRefused("cannot be loaded", "the model returns shape [784, 10] for 2 images");
  }

  @Test
  void refusesAnotherTag() throws IOException {
    rewrite(
        graph ->
            graph.toBuilder()
                .setMetaInfoDef(MetaGraphDef.MetaInfoDef.newBuilder().addTags("train"))
                .build());
    assertRefused("cannot be loaded");
  }

  @Test
  void refusesAMissingSignature() throws IOException {
    rewrite(graph -> graph.toBuilder().removeSignatureDef("serving_default").build());
    assertRefused("has no signature serving_default; it has [bytes]");
    rewrite(graph -> graph.toBuilder().clearSignatureDef().build());
    assertRefused("has no signature serving_default; it has none");
  }

  @Test
  void refusesAnotherInputName() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .removeInputs("image")
                .putInputs("pixels", signature.getInputsOrThrow("image"))
                .build());
    assertRefused("has no image but [pixels]", "expected image of DT_FLOAT [-1, 28, 28, 1]");
  }

  @Test
  void refusesAnotherInputShape() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .putInputs("image", signature.getOutputsOrThrow("predictions"))
                .build());
    assertRefused("has image of DT_FLOAT [-1, 10]", "expected image of DT_FLOAT [-1, 28, 28, 1]");
  }

  @Test
  void refusesAnotherInputType() throws IOException {
    rewriteSignature(
        signature -> {
          TensorInfo image = signature.getInputsOrThrow("image");
          return signature.toBuilder()
              .putInputs("image", image.toBuilder().setDtype(DataType.DT_DOUBLE).build())
              .build();
        });
    assertRefused("DT_FLOAT", "DT_DOUBLE");
  }

  @Test
  void refusesAnotherOutputShape() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .putOutputs("predictions", signature.getInputsOrThrow("image"))
                .build());
    assertRefused("has predictions of DT_FLOAT", "expected predictions of DT_FLOAT");
  }
}
