package mnist.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import mnist.Stages;
import mnist.data.DataSet;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.platform.FileTree;
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

/** What is loaded, and what is refused. */
class ModelTest {
  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void aModelThatKnowsNothing() throws IOException {
    folder = temporary.resolve("model");
    try (Network network = Stages.named("1.0").network(0)) {
      ModelCard card =
          new ModelCard(
              "1.0",
              "one softmax layer",
              "mnist",
              0,
              0.1f,
              "abc",
              List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
              Map.of());
      SavedModelFolder.write(folder, false, network, new Weights(new float[7850]), card);
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

  private void refused(String... parts) {
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
  void tenProbabilitiesForEachImage() throws IOException {
    try (Model model = Model.load(folder)) {
      assertThat(model.probabilities(new float[3 * 784])).hasSize(30).containsOnly(0.1f);
      assertThatIllegalArgumentException().isThrownBy(() -> model.probabilities(new float[785]));
      assertThatIllegalArgumentException().isThrownBy(model::probabilities);
    }
  }

  @Test
  void whatElseIsAskedChangesNoBit() throws IOException {
    Random random = new Random(1);
    FileTree.delete(folder);
    try (Network network = Stages.named("2.1").network(0)) {
      ModelCard card =
          new ModelCard("2.1", "five layers", "mnist", 0, 0.1f, "abc", DataSet.DIGITS, Map.of());
      SavedModelFolder.write(folder, false, network, new Weights(random(random, 185_300)), card);
    }
    int count = Model.FULL_BATCH + 100;
    float[] images = random(random, count * 784);
    try (Model model = Model.load(folder)) {
      float[] all = model.probabilitiesOfEach(images);
      assertThat(all).hasSize(count * 10);
      for (int image : new int[] {0, 1, 2, 77, Model.FULL_BATCH - 1, Model.FULL_BATCH, count - 1}) {
        float[] alone = Arrays.copyOfRange(images, image * 784, (image + 1) * 784);
        assertThat(model.probabilitiesOfEach(alone))
            .as("image %d", image)
            .isEqualTo(Arrays.copyOfRange(all, image * 10, (image + 1) * 10));
      }
      int shift = 37;
      assertThat(model.probabilitiesOfEach(Arrays.copyOfRange(images, shift * 784, images.length)))
          .isEqualTo(Arrays.copyOfRange(all, shift * 10, all.length));
      assertThatIllegalArgumentException().isThrownBy(model::probabilitiesOfEach);
    }
  }

  /** TensorFlow's threads know no numbers below 1.2e-38; Java's do. */
  @Test
  void nextToNothingIsNothingAsInPython() throws IOException {
    float[] weights = new float[7850];
    weights[7840] = 90; // the others' probability is e^-90, or 8e-40
    FileTree.delete(folder);
    try (Network network = Stages.named("1.0").network(0)) {
      ModelCard card =
          new ModelCard("1.0", "one layer", "mnist", 0, 0.1f, "abc", DataSet.DIGITS, Map.of());
      SavedModelFolder.write(folder, false, network, new Weights(weights), card);
    }
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
  void aModelFromElsewhereNeedsNoCard() throws IOException {
    Files.delete(folder.resolve("assets.extra/mnist.json"));
    try (Model model = Model.load(folder)) {
      assertThat(model.card()).isEmpty();
      assertThat(model.probabilities(new float[784])).hasSize(10);
    }
  }

  @Test
  void otherFoldersAreRefused() throws IOException {
    Path model = folder;
    folder = temporary.resolve("nothing");
    refused("is no SavedModel", "saved_model.pb");
    folder = Files.createDirectory(temporary.resolve("empty"));
    refused("is no SavedModel");
    folder = model.resolve("saved_model.pb");
    refused("is no SavedModel");
    folder = temporary;
    refused("is no SavedModel", "; " + model + " is one");
  }

  @Test
  void damagedModelsAreRefused() throws IOException {
    byte[] good = Files.readAllBytes(folder.resolve("saved_model.pb"));
    Files.write(folder.resolve("saved_model.pb"), Arrays.copyOf(good, good.length / 2));
    refused("cannot be loaded");
    Files.write(folder.resolve("saved_model.pb"), new byte[0]);
    refused("cannot be loaded");
    Files.write(folder.resolve("saved_model.pb"), good);
    Files.delete(folder.resolve("variables/variables.index"));
    refused("cannot be loaded");
  }

  @Test
  void aDamagedCardIsRefused() throws IOException {
    Path card = folder.resolve("assets.extra/mnist.json");
    Files.writeString(card, "{\"stage\":");
    refused("mnist.json is damaged");
    Files.writeString(card, "null");
    refused("mnist.json does not name 10 classes");
    Files.writeString(card, "{\"class_names\": [\"cat\", \"dog\"]}");
    refused("mnist.json does not name 10 classes");
  }

  @Test
  void aCardOfALaterVersionIsRead() throws IOException {
    Path card = folder.resolve("assets.extra/mnist.json");
    Files.writeString(card, Files.readString(card).replaceFirst("\\{", "{\"mood\": \"good\", "));
    try (Model model = Model.load(folder)) {
      assertThat(model.card().orElseThrow().stage()).isEqualTo("1.0");
    }
  }

  @Test
  void aModelThatWantsMoreThanImagesIsRefused() throws IOException {
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
    refused("cannot be loaded", "pkeep");
  }

  @Test
  void aModelThatAnswersInAnotherShapeThanItSaysIsRefused() throws IOException {
    rewriteSignature(
        signature -> {
          TensorInfo predictions = signature.getOutputsOrThrow("predictions");
          return signature.toBuilder()
              .putOutputs("predictions", predictions.toBuilder().setName("W:0").build())
              .build();
        });
    refused("cannot be loaded", "the model answers [784, 10] to 2 images");
  }

  @Test
  void anotherTagIsRefused() throws IOException {
    rewrite(
        graph ->
            graph.toBuilder()
                .setMetaInfoDef(MetaGraphDef.MetaInfoDef.newBuilder().addTags("train"))
                .build());
    refused("cannot be loaded");
  }

  @Test
  void aMissingSignatureIsRefused() throws IOException {
    rewrite(graph -> graph.toBuilder().removeSignatureDef("serving_default").build());
    refused("has no signature serving_default; it has [bytes]");
    rewrite(graph -> graph.toBuilder().clearSignatureDef().build());
    refused("has no signature serving_default; it has none");
  }

  @Test
  void anotherSignatureIsRefused() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .removeInputs("image")
                .putInputs("pixels", signature.getInputsOrThrow("image"))
                .build());
    refused("has no image but [pixels]", "expected image of DT_FLOAT [-1, 28, 28, 1]");
  }

  @Test
  void anotherShapeIsRefused() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .putInputs("image", signature.getOutputsOrThrow("predictions"))
                .build());
    refused("has image of DT_FLOAT [-1, 10]", "expected image of DT_FLOAT [-1, 28, 28, 1]");
  }

  @Test
  void anotherTypeIsRefused() throws IOException {
    rewriteSignature(
        signature -> {
          TensorInfo image = signature.getInputsOrThrow("image");
          return signature.toBuilder()
              .putInputs("image", image.toBuilder().setDtype(DataType.DT_DOUBLE).build())
              .build();
        });
    refused("DT_FLOAT", "DT_DOUBLE");
  }

  @Test
  void otherOutputsAreRefused() throws IOException {
    rewriteSignature(
        signature ->
            signature.toBuilder()
                .putOutputs("predictions", signature.getInputsOrThrow("image"))
                .build());
    refused("has predictions of DT_FLOAT", "expected predictions of DT_FLOAT");
  }
}
