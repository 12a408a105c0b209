package mnist.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.Batch;
import mnist.data.DataSet;
import mnist.data.LabeledImages;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto.Dim;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

class SavedModelFolderTest {
  private static final int IMAGES = 300;
  private static final ModelCard CARD =
      new ModelCard(
          "2.2",
          "a title",
          "synthetic",
          20,
          0.875f,
          "abc",
          DataSet.DIGITS,
          Map.of("tensorflow", "2.18.0"));

  private static DataSet digits;

  @TempDir Path temporary;
  private Path folder;

  @BeforeAll
  static void drawDigits(@TempDir Path folder) throws IOException {
    digits = TestData.in(FewDigits.writeTo(folder.resolve("digits")));
  }

  @BeforeEach
  void chooseFolder() {
    folder = temporary.resolve("model");
  }

  /** Exports stage 1.0 with all weights 0. */
  private static void exportZeros(Path folder, boolean overwrite) throws IOException {
    try (Network network = Stages.named("1.0").network(0)) {
      SavedModelFolder.write(folder, overwrite, network, new Weights(new float[7850]), CARD);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void exportedModelsEqualTheTrainedNetworkToTheBit(String name) throws Exception {
    float[] expected = trainAndExport(Stages.named(name));
    byte[] bytes = Arrays.copyOf(digits.test().pixels(), IMAGES * 784);
    float[] pixels = LabeledImages.normalize(bytes);

    try (Model model = Model.load(folder)) {
      assertThat(model.probabilities(pixels)).isEqualTo(expected);
    }
    assertBytesArePredictedLikeFloats(bytes, pixels);
    assertContainsOnlyWhatPredictionNeeds(metaGraph().getGraphDef());
    try (Network network = Stages.named(name).network(0)) {
      assertThat(metaGraph().getGraphDef().getVersions())
          .isEqualTo(network.graph().toGraphDef().getVersions());
    }
  }

  /** Trains for a few steps; returns the test session's probabilities for the first images. */
  private float[] trainAndExport(Stage stage) throws Exception {
    try (Network network = stage.network(0);
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(3), network, digits, 100)) {
      loop.run(new TrainingListener() {}, () -> false);
      SavedModelFolder.write(folder, false, network, loop.weights(), CARD);
      List<Batch> batches = Batch.allOf(digits.test(), IMAGES);
      try {
        return loop.evaluate(
            List.of(network.graph().operation("Y").output(0)), Split.TEST, batches.get(0));
      } finally {
        batches.forEach(Batch::close);
      }
    }
  }

  private void assertBytesArePredictedLikeFloats(byte[] bytes, float[] pixels) {
    try (SavedModelBundle bundle = SavedModelBundle.load(folder.toString(), "serve");
        TUint8 byteImages = TUint8.tensorOf(Shape.of(IMAGES, 28, 28), DataBuffers.of(bytes));
        TFloat32 images = TFloat32.tensorOf(Shape.of(IMAGES, 28, 28, 1), DataBuffers.of(pixels));
        Result ofBytes = bundle.function("bytes").call(Map.of("image_bytes", byteImages));
        Result ofFloats = bundle.function("serving_default").call(Map.of("image", images))) {
      assertThat(ofBytes.get("predictions").orElseThrow())
          .isEqualTo(ofFloats.get("predictions").orElseThrow());
      TFloat32 predictions = (TFloat32) ofBytes.get("predictions").orElseThrow();
      TInt64 classes = (TInt64) ofBytes.get("classes").orElseThrow();
      assertThat(classes.shape()).isEqualTo(Shape.of(IMAGES));
      for (int i = 0; i < IMAGES; i++) {
        int predicted = (int) classes.getLong(i);
        for (int c = 0; c < 10; c++) {
          assertThat(predictions.getFloat(i, c))
              .isLessThanOrEqualTo(predictions.getFloat(i, predicted));
        }
      }
    }
  }

  private static void assertContainsOnlyWhatPredictionNeeds(GraphDef graph) {
    assertThat(graph.getNodeList())
        .extracting(NodeDef::getOp)
        .isSubsetOf(
            "Placeholder",
            "PlaceholderWithDefault",
            "Const",
            "Cast",
            "Mul",
            "Reshape",
            "VariableV2",
            "Identity",
            "Conv2D",
            "MatMul",
            "Add",
            "Sub", // batch norm with moving averages
            "Rsqrt",
            "Relu",
            "Sigmoid",
            "FusedBatchNormV3",
            "Softmax",
            "ArgMax",
            "RestoreV2",
            "Assign",
            "NoOp");
    assertThat(graph.getNodeList())
        .extracting(NodeDef::getName)
        .contains("image_bytes", "X", "Ylogits", "Y", "classes")
        .doesNotContain("Y_", "step", "pkeep", "accuracy", "lr", "train_step", "YY4")
        .doesNotContain("tst", "iter", "pkeep_conv", "update_ema", "YY1");
  }

  private MetaGraphDef metaGraph() throws IOException {
    SavedModel model = SavedModel.parseFrom(Files.readAllBytes(folder.resolve("saved_model.pb")));
    assertThat(model.getMetaGraphsCount()).isEqualTo(1);
    return model.getMetaGraphs(0);
  }

  @Test
  void signaturesAreWhatServingSystemsExpect() throws Exception {
    exportZeros(folder, false);
    MetaGraphDef graph = metaGraph();

    assertThat(graph.getMetaInfoDef().getTagsList()).containsExactly("serve");
    assertThat(graph.getSignatureDefMap()).containsOnlyKeys("serving_default", "bytes");
    SignatureDef floats = graph.getSignatureDefOrThrow("serving_default");
    SignatureDef bytes = graph.getSignatureDefOrThrow("bytes");
    assertThat(floats.getInputsMap()).containsOnlyKeys("image");
    assertTensor(floats.getInputsOrThrow("image"), DataType.DT_FLOAT, -1, 28, 28, 1);
    assertThat(bytes.getInputsMap()).containsOnlyKeys("image_bytes");
    assertTensor(bytes.getInputsOrThrow("image_bytes"), DataType.DT_UINT8, -1, 28, 28);
    for (SignatureDef signature : List.of(floats, bytes)) {
      assertThat(signature.getMethodName()).isEqualTo("tensorflow/serving/predict");
      assertThat(signature.getOutputsMap()).containsOnlyKeys("predictions", "classes");
      assertTensor(signature.getOutputsOrThrow("predictions"), DataType.DT_FLOAT, -1, 10);
      assertTensor(signature.getOutputsOrThrow("classes"), DataType.DT_INT64, -1);
    }
  }

  private static void assertTensor(TensorInfo tensor, DataType type, long... shape) {
    assertThat(tensor.getDtype()).isEqualTo(type);
    assertThat(tensor.getTensorShape().getDimList().stream().mapToLong(Dim::getSize).toArray())
        .isEqualTo(shape);
  }

  @Test
  void readsTheCardThatWasWrittenAndLeavesNothingBesideTheModel() throws Exception {
    exportZeros(folder, false);
    try (Model model = Model.load(folder)) {
      assertThat(model.card()).contains(CARD);
    }
    assertThat(namesIn(temporary)).containsExactly("model");
    assertThat(namesIn(folder)).containsExactly("assets.extra", "saved_model.pb", "variables");
  }

  private static List<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  // ---- Existing files and folders

  @Test
  void refusesAnExistingFolderAndKeepsIt() throws Exception {
    Files.writeString(Files.createDirectory(folder).resolve("other"), "content");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> exportZeros(folder, false))
        .withMessageContainingAll(folder.toString(), "already exists", "--overwrite");
    assertThat(namesIn(folder)).containsExactly("other");
    assertThat(namesIn(temporary)).containsExactly("model");
  }

  @Test
  void replacesAModelIfRequested() throws Exception {
    trainAndExport(Stages.named("1.0"));
    exportZeros(folder, true);
    try (Model model = Model.load(folder)) {
      assertThat(model.probabilities(new float[784])).containsOnly(0.1f);
    }
    assertThat(namesIn(temporary)).containsExactly("model");
  }

  @Test
  void neverReplacesAFolderWithOtherFiles() throws Exception {
    exportZeros(folder, false);
    Files.writeString(folder.resolve("thesis.tex"), "years of work");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(folder, true))
        .withMessageContainingAll(folder.toString(), "thesis.tex", "not part of a model");
    Files.move(folder.resolve("thesis.tex"), folder.resolve("variables/data.csv"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(folder, true))
        .withMessageContaining("it contains variables/data.csv");
  }

  @Test
  void neverReplacesWhatIsNotAModelOfThisProject() throws Exception {
    Path site = Files.createDirectories(temporary.resolve("site/assets"));
    Files.writeString(site.resolve("photo.txt"), "irreplaceable");
    Path file = Files.createFile(temporary.resolve("file"));
    for (Path other : List.of(temporary.resolve("site"), file)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> SavedModelFolder.check(other, true))
          .withMessageContaining("it is not a model of this project");
    }
  }

  @Test
  void pathsThatCannotHoldAModelAreRefused() throws Exception {
    Path tooLong = temporary.resolve("x".repeat(250));
    for (Path bad :
        List.of(
            temporary.resolve("b[1]"),
            temporary.resolve("what?/model"),
            tooLong,
            Path.of("/"),
            Path.of("/proc/model"))) {
      assertThatExceptionOfType(ModelException.class)
          .as(bad.toString())
          .isThrownBy(() -> SavedModelFolder.check(bad, true))
          .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).doesNotContain("null"));
    }
    Files.createSymbolicLink(temporary.resolve("dangling"), temporary.resolve("nowhere"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(temporary.resolve("dangling"), false))
        .withMessageContaining("already exists");
    assertThat(namesIn(temporary)).containsExactly("dangling");
  }

  @Test
  void normalizesPaths() throws Exception {
    for (String path : List.of("nowhere/../first", "second/.")) {
      exportZeros(temporary.resolve(path), false);
    }
    assertThat(namesIn(temporary)).containsExactly("first", "second");
    Model.load(temporary.resolve("second")).close();
  }

  @Test
  void reportsAnUnwritableFolderBeforeExporting() throws Exception {
    Path file = Files.createFile(temporary.resolve("file"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> exportZeros(file.resolve("model"), false))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith("the model cannot be written to " + file.resolve("model") + ": ")
                    .hasLineCount(1));
    assertThat(namesIn(temporary)).containsExactly("file");
  }
}
