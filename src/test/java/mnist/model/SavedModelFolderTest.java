package mnist.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import mnist.FewDigits;
import mnist.Stages;
import mnist.TestData;
import mnist.data.Batch;
import mnist.data.DataSet;
import mnist.data.Split;
import mnist.nn.Network;
import mnist.nn.Weights;
import mnist.training.Stage;
import mnist.training.TrainingListener;
import mnist.training.TrainingLoop;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
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
          List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
          Map.of("tensorflow", "2.18.0"));

  private static DataSet digits;

  @TempDir Path temporary;
  private Path folder;

  @BeforeAll
  static void drawDigits(@TempDir Path folder) throws IOException {
    digits = TestData.in(FewDigits.writeTo(folder.resolve("digits")));
  }

  /** Trains a little, exports, and gives both sides to whoever compares them. */
  private void export(String name, BiConsumer<Network, TrainingLoop> further) throws Exception {
    folder = temporary.resolve("model");
    Stage stage = Stages.named(name);
    try (Network network = stage.network(0);
        TrainingLoop loop =
            new TrainingLoop(stage.schedule().withIterations(20), network, digits, 100)) {
      loop.run(new TrainingListener() {}, () -> false);
      SavedModelFolder.write(folder, false, network, loop.weights(), CARD);
      further.accept(network, loop);
    }
  }

  private void export(String name) throws Exception {
    export(name, (network, loop) -> {});
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "4.1", "4.2", "5.0"})
  void theModelSaysWhatTheTrainingSessionSaysToTheBit(String stage) throws Exception {
    export(
        stage,
        (network, loop) -> {
          List<Batch> batches = Batch.allOf(digits.test(), IMAGES);
          try (Batch batch = batches.get(0);
              Model model = Model.load(folder)) {
            float[] pixels = new float[IMAGES * 784];
            batch.images().asRawTensor().data().asFloats().read(pixels);

            assertThat(model.probabilities(pixels))
                .isEqualTo(
                    loop.evaluate(
                        List.of(network.graph().operation("Y").output(0)), Split.TEST, batch));
          } catch (IOException e) {
            throw new AssertionError(e);
          } finally {
            batches.forEach(Batch::close);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.2", "3.1", "4.2", "5.0"})
  void bytesGiveTheSameAsGreyLevels(String stage) throws Exception {
    export(stage);
    byte[] bytes = new byte[IMAGES * 784];
    System.arraycopy(digits.test().pixels(), 0, bytes, 0, bytes.length);
    float[] grey = new float[bytes.length];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = (bytes[i] & 0xff) / 256f;
    }

    try (SavedModelBundle bundle = SavedModelBundle.load(folder.toString(), "serve");
        TUint8 byteImages = TUint8.tensorOf(Shape.of(IMAGES, 28, 28), DataBuffers.of(bytes));
        TFloat32 greyImages = TFloat32.tensorOf(Shape.of(IMAGES, 28, 28, 1), DataBuffers.of(grey));
        Result ofBytes = bundle.function("bytes").call(Map.of("image_bytes", byteImages));
        Result ofGrey = bundle.function("serving_default").call(Map.of("image", greyImages))) {
      assertThat(ofBytes.get("predictions").orElseThrow())
          .isEqualTo(ofGrey.get("predictions").orElseThrow());
      TFloat32 predictions = (TFloat32) ofBytes.get("predictions").orElseThrow();
      TInt64 classes = (TInt64) ofBytes.get("classes").orElseThrow();
      assertThat(classes.shape()).isEqualTo(Shape.of(IMAGES));
      for (int i = 0; i < IMAGES; i++) {
        int said = (int) classes.getLong(i);
        for (int c = 0; c < 10; c++) {
          assertThat(predictions.getFloat(i, c)).isLessThanOrEqualTo(predictions.getFloat(i, said));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "2.2", "3.1", "4.2", "5.0"})
  void theGraphHoldsOnlyWhatPredictionNeeds(String stage) throws Exception {
    export(stage);
    MetaGraphDef graph = graph();

    assertThat(graph.getGraphDef().getNodeList())
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
            "Sub", // batch norm, by its moving averages
            "Rsqrt",
            "Relu",
            "FusedBatchNormV3",
            "Softmax",
            "ArgMax",
            "RestoreV2",
            "Assign",
            "NoOp");
    assertThat(graph.getGraphDef().getNodeList())
        .extracting(NodeDef::getName)
        .contains("image_bytes", "X", "Ylogits", "Y", "classes")
        .doesNotContain("Y_", "step", "pkeep", "accuracy", "lr", "train_step", "YY4")
        .doesNotContain("tst", "iter", "pkeep_conv", "update_ema", "YY1");
  }

  private MetaGraphDef graph() throws IOException {
    SavedModel model = SavedModel.parseFrom(Files.readAllBytes(folder.resolve("saved_model.pb")));
    assertThat(model.getMetaGraphsCount()).isEqualTo(1);
    return model.getMetaGraphs(0);
  }

  @Test
  void signaturesAreWhatServingSystemsExpect() throws Exception {
    export("2.2");
    MetaGraphDef graph = graph();

    assertThat(graph.getMetaInfoDef().getTagsList()).containsExactly("serve");
    assertThat(graph.getSignatureDefMap()).containsOnlyKeys("serving_default", "bytes");
    SignatureDef byDefault = graph.getSignatureDefOrThrow("serving_default");
    SignatureDef ofBytes = graph.getSignatureDefOrThrow("bytes");
    assertThat(byDefault.getInputsMap()).containsOnlyKeys("image");
    assertEnd(byDefault.getInputsOrThrow("image"), DataType.DT_FLOAT, -1, 28, 28, 1);
    assertThat(ofBytes.getInputsMap()).containsOnlyKeys("image_bytes");
    assertEnd(ofBytes.getInputsOrThrow("image_bytes"), DataType.DT_UINT8, -1, 28, 28);
    for (SignatureDef signature : List.of(byDefault, ofBytes)) {
      assertThat(signature.getMethodName()).isEqualTo("tensorflow/serving/predict");
      assertThat(signature.getOutputsMap()).containsOnlyKeys("predictions", "classes");
      assertEnd(signature.getOutputsOrThrow("predictions"), DataType.DT_FLOAT, -1, 10);
      assertEnd(signature.getOutputsOrThrow("classes"), DataType.DT_INT64, -1);
    }
  }

  private static void assertEnd(TensorInfo end, DataType type, long... shape) {
    assertThat(end.getDtype()).isEqualTo(type);
    assertThat(end.getTensorShape().getDimList().stream().mapToLong(Dim::getSize).toArray())
        .isEqualTo(shape);
  }

  @Test
  void theCardComesBackAsItWasWritten() throws Exception {
    export("1.0");
    try (Model model = Model.load(folder)) {
      assertThat(model.card()).contains(CARD);
    }
  }

  @Test
  void nothingIsLeftBesideTheModel() throws Exception {
    export("1.0");
    assertThat(namesIn(temporary)).containsExactly("model");
    assertThat(namesIn(folder)).containsExactly("assets.extra", "saved_model.pb", "variables");
  }

  private static List<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  // ---- What is there already

  @Test
  void anExistingFolderIsRefusedAndStays() throws Exception {
    export("1.0");
    byte[] before = Files.readAllBytes(folder.resolve("saved_model.pb"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> export("2.2"))
        .withMessageContainingAll(folder.toString(), "exists already", "--overwrite");
    assertThat(Files.readAllBytes(folder.resolve("saved_model.pb"))).isEqualTo(before);
    assertThat(namesIn(temporary)).containsExactly("model");
  }

  @Test
  void aModelIsReplacedWhenThatIsWanted() throws Exception {
    export("1.0");
    try (Network network = Stages.named("1.0").network(0)) {
      SavedModelFolder.write(folder, true, network, new Weights(new float[7850]), CARD);
    }
    try (Model model = Model.load(folder)) {
      assertThat(model.probabilities(new float[784])).containsOnly(0.1f);
    }
    assertThat(namesIn(temporary)).containsExactly("model");
  }

  @Test
  void aFolderWithAnythingElseIsNeverReplaced() throws Exception {
    export("1.0");
    Files.writeString(folder.resolve("thesis.tex"), "years of work");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(folder, true))
        .withMessageContainingAll(folder.toString(), "thesis.tex", "no part of a model");
    Path file = Files.createFile(temporary.resolve("file"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(file, true))
        .withMessageContaining("it is no model of this program");
  }

  @Test
  void onlyModelsOfThisProgramAreReplaced() throws Exception {
    Path site = Files.createDirectories(temporary.resolve("site/assets"));
    Files.writeString(site.resolve("photo.txt"), "irreplaceable");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(temporary.resolve("site"), true))
        .withMessageContaining("it is no model of this program");

    export("1.0");
    Files.writeString(folder.resolve("variables/data.csv"), "years of work");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SavedModelFolder.check(folder, true))
        .withMessageContaining("it holds variables/data.csv");
  }

  @Test
  void aModelThatAppearsMeanwhileStays() throws Exception {
    export(
        "1.0",
        (network, loop) -> {
          try {
            Path appears = temporary.resolve("appears");
            SavedModelFolder.check(appears, false);
            Files.createDirectory(appears);
            Files.writeString(appears.resolve("other"), "content");
            SavedModelFolder.write(appears, false, network, loop.weights(), CARD);
          } catch (ModelException e) {
            assertThat(e).hasMessageContaining("appears exists already");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(namesIn(temporary)).containsExactly("appears", "model");
    assertThat(namesIn(temporary.resolve("appears"))).containsExactly("other");
  }

  @Test
  void pathsThatCannotServeAreRefused() throws Exception {
    Path deep = temporary.resolve("x".repeat(250));
    for (Path bad :
        List.of(
            temporary.resolve("b[1]"),
            temporary.resolve("what?/model"),
            deep,
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
        .withMessageContaining("exists already");
    assertThat(namesIn(temporary)).containsExactly("dangling");
  }

  @Test
  void aPathWithDotsIsTheSamePlace() throws Exception {
    try (Network network = Stages.named("1.0").network(0)) {
      for (String path : List.of("nowhere/../first", "second/.")) {
        SavedModelFolder.write(
            temporary.resolve(path), false, network, new Weights(new float[7850]), CARD);
      }
    }
    assertThat(namesIn(temporary)).containsExactly("first", "second");
    Model.load(temporary.resolve("second")).close();
  }

  @Test
  void whereNothingCanBeWrittenIsSaidBefore() throws Exception {
    Path file = Files.createFile(temporary.resolve("file"));
    try (Network network = Stages.named("1.0").network(0)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(
              () ->
                  SavedModelFolder.write(
                      file.resolve("model"), false, network, new Weights(new float[7850]), CARD))
          .satisfies(
              e ->
                  assertThat(e.getMessage())
                      .startsWith("the model cannot be written to " + file.resolve("model") + ": ")
                      .hasLineCount(1));
    }
    assertThat(namesIn(temporary)).containsExactly("file");
  }
}
