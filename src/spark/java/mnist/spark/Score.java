package mnist.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Spliterators;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import mnist.console.CommandLines;
import mnist.data.DataException;
import mnist.images.ImageInput;
import mnist.model.Model;
import mnist.platform.ErrorMessages;
import mnist.platform.NativeEnvironment;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Classifies any number of images with Spark and writes the predictions as Parquet. */
@Command(
    name = "mnist.spark.Score",
    description =
        "Classifies any number of images on all cores of this machine or a cluster. Writes a Parquet"
            + " row for each: image, class, probabilities, error.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success; images that could not be classified have an error in their row",
      "1:failure, explained on standard error",
      "2:wrong option"
    })
public final class Score implements Callable<Integer> {
  /** With more files, too much work would be lost when a task fails. */
  private static final int FILES_PER_TASK = 2000;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder of a SavedModel, such as runs/<stage>-<date>-<time>/model.")
  private java.nio.file.Path model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder for the predictions; must not exist.")
  private String out;

  @Parameters(
      paramLabel = "IMAGES",
      arity = "1..*",
      description =
          "IDX files, pictures, folders of pictures including their subfolders, or Parquet with a"
              + " column of pictures or of 784 pixel values.")
  private List<String> inputs;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description =
          "The Parquet column with the images, such as image.bytes. Default: the only binary column")
  private String column;

  @Option(
      names = "--no-onednn",
      description = "Use TensorFlow's own kernels; results differ in the last bits.")
  private boolean noOneDnn;

  @Mixin private Cluster cluster = new Cluster();

  private final PrintStream console;

  private Score(PrintStream console) {
    this.console = console;
  }

  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    System.exit(run(System.out, System.err, args));
  }

  /** Runs the program; returns its exit code. */
  public static int run(PrintStream console, PrintStream err, String... args) {
    return CommandLines.create(new Score(console), console, err).execute(args);
  }

  @Override
  public Integer call() throws IOException, SparkException {
    NativeEnvironment.useOneThread();
    NativeEnvironment.load(!noOneDnn);
    Model.load(model).close(); // reports a bad model here rather than on an executor
    ModelFiles files = ModelFiles.of(model, !noOneDnn);
    long start = System.nanoTime();
    try (SparkSession spark = cluster.open("mnist score", 1)) {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      Path target = qualified(out, hadoop);
      FileSystem system = target.getFileSystem(hadoop);
      if (system.exists(target)) {
        throw new IOException(out + " already exists; choose another --out");
      }
      Path temporary =
          new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID() + ".part");
      system.deleteOnExit(temporary); // in case the process is stopped
      try {
        predictions(spark, files).write().parquet(temporary.toString());
        if (!system.rename(temporary, target)) {
          throw new IOException("cannot rename " + temporary + " to " + out);
        }
      } finally {
        system.delete(temporary, true);
      }
      report(spark.read().schema(PredictionIterator.SCHEMA).parquet(escaped(target)), start);
      return CommandLine.ExitCode.OK;
    }
  }

  private static Path qualified(String name, Configuration hadoop) throws IOException {
    Path path = new Path(name);
    return path.getFileSystem(hadoop).makeQualified(path);
  }

  private void report(Dataset<Row> predictions, long start) {
    Row counts = predictions.agg(count("image"), count("error")).first();
    double seconds = (System.nanoTime() - start) / 1e9;
    console.printf(
        Locale.ROOT,
        "%,d images in %.1f s, %,.0f per second%n",
        counts.getLong(0),
        seconds,
        counts.getLong(0) / seconds);
    if (counts.getLong(1) > 0) {
      console.printf(
          Locale.ROOT,
          "%,d of them could not be classified; see the column error%n",
          counts.getLong(1));
    }
    console.println("Predictions in " + out);
  }

  // ---- Inputs

  private Dataset<Row> predictions(SparkSession spark, ModelFiles files) throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    Broadcast<ModelFiles> model =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(files);
    List<IdxPart> idx = new ArrayList<>();
    List<String> pictures = new ArrayList<>();
    List<String> tables = new ArrayList<>();
    List<Row> errors = new ArrayList<>();
    for (String input : inputs) {
      Path path = qualified(input, hadoop);
      FileSystem system = path.getFileSystem(hadoop);
      if (!system.exists(path)) {
        throw new IOException(input + ": no such file or folder");
      }
      // A table is a Parquet file or a folder of such files.
      if (system.listStatus(path, f -> f.getName().endsWith(".parquet")).length > 0) {
        tables.add(escaped(path));
      } else if (system.getFileStatus(path).isDirectory() || !isIdx(system, path)) {
        List<String> found = files(system, path);
        if (found.isEmpty()) {
          throw new IOException(
              input + " is empty or has hidden files only, expected files with images");
        }
        pictures.addAll(found);
      } else {
        try {
          idx.add(IdxPart.of(system, path, name(path)));
        } catch (DataException e) {
          errors.add(PredictionIterator.errorRow(name(path), e.getMessage()));
        }
      }
    }
    List<Dataset<Row>> all = new ArrayList<>();
    if (!idx.isEmpty()) {
      all.add(scoreIdx(spark, idx, model));
    }
    if (!pictures.isEmpty()) {
      all.add(scoreFiles(spark, pictures, model));
    }
    for (String table : tables) {
      all.add(scoreTable(spark, table, model));
    }
    if (!errors.isEmpty()) {
      all.add(spark.createDataFrame(errors, PredictionIterator.SCHEMA));
    }
    return all.stream().reduce(Dataset::union).orElseThrow();
  }

  /** A file, or all files in a folder and its subfolders, without hidden ones. */
  private static List<String> files(FileSystem system, Path path) throws IOException {
    List<String> files = new ArrayList<>();
    for (FileStatus file : system.listStatus(path)) {
      Path child = file.getPath();
      if (child.equals(path)) {
        return List.of(path.toString());
      }
      if (child.getName().startsWith(".")) {
        continue;
      }
      if (file.isDirectory()) {
        files.addAll(files(system, child));
      } else {
        files.add(child.toString());
      }
    }
    return files;
  }

  /** Escapes what Spark would interpret as a glob pattern. */
  private static String escaped(Path path) {
    return path.toString().replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0");
  }

  private static boolean isIdx(FileSystem system, Path path) throws IOException {
    try (FSDataInputStream in = system.open(path)) {
      return ImageInput.isIdx(in.readNBytes(4));
    }
  }

  /** The path of a local file, as {@code make predict} prints it; the URI of any other. */
  private static String name(Path path) {
    URI uri = path.toUri();
    return "file".equals(uri.getScheme()) ? uri.getPath() : path.toString();
  }

  private Dataset<Row> scoreIdx(
      SparkSession spark, List<IdxPart> files, Broadcast<ModelFiles> model) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<IdxPart> parts = IdxPart.split(files, context.defaultParallelism());
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    return spark.createDataFrame(
        context
            .parallelize(parts, parts.size()) // one per partition
            .mapPartitions(
                part ->
                    new PredictionIterator(
                        model.value().load(), part.next().images(hadoop.value().value()))),
        PredictionIterator.SCHEMA);
  }

  /** Reads files itself: Spark's own reader leaves out empty files and those named with . or _. */
  private Dataset<Row> scoreFiles(
      SparkSession spark, List<String> files, Broadcast<ModelFiles> model) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int tasks = Math.max(context.defaultParallelism(), files.size() / FILES_PER_TASK);
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    return spark.createDataFrame(
        context
            .parallelize(files, Math.min(tasks, files.size()))
            .mapPartitions(
                part ->
                    new PredictionIterator(
                        model.value().load(),
                        StreamSupport.stream(Spliterators.spliteratorUnknownSize(part, 0), false)
                            .flatMap(file -> imagesIn(file, hadoop.value().value()).stream())
                            .iterator())),
        PredictionIterator.SCHEMA);
  }

  private static List<ImageOrError> imagesIn(String file, Configuration hadoop) {
    Path path = new Path(file);
    try (InputStream in = path.getFileSystem(hadoop).open(path)) {
      return ImageOrError.ofFile(name(path), in);
    } catch (IOException e) {
      String error = name(path) + " cannot be read: " + ErrorMessages.summarize(e);
      return List.of(ImageOrError.error(name(path), error));
    }
  }

  private Dataset<Row> scoreTable(SparkSession spark, String path, Broadcast<ModelFiles> model)
      throws IOException {
    Dataset<Row> table = spark.read().parquet(path);
    Map<String, Column> binary = new LinkedHashMap<>();
    addBinaryColumns(table.schema(), "", "", binary);
    if (column == null ? binary.size() != 1 : !binary.containsKey(column)) {
      throw new IOException(
          "%s has the binary columns %s, expected %s"
              .formatted(
                  path, binary.keySet(), column == null ? "exactly one, or --column" : column));
    }
    return score(
        table.select(
            col("_metadata.file_path"),
            col("_metadata.row_index"),
            binary.get(column == null ? binary.keySet().iterator().next() : column)),
        model,
        row ->
            ImageOrError.ofCell(
                name(new Path(URI.create(row.getString(0)))) + "[" + row.getLong(1) + "]",
                (byte[]) row.get(2)));
  }

  /** Collects binary columns by their names, also those in structures, such as image.bytes. */
  private static void addBinaryColumns(
      StructType type, String prefix, String quotedPrefix, Map<String, Column> columns) {
    for (StructField field : type.fields()) {
      String quoted = quotedPrefix + "`" + field.name().replace("`", "``") + "`";
      if (field.dataType().equals(DataTypes.BinaryType)) {
        columns.put(prefix + field.name(), col(quoted));
      } else if (field.dataType() instanceof StructType structure) {
        addBinaryColumns(structure, prefix + field.name() + ".", quoted + ".", columns);
      }
    }
  }

  /** Extracts a row's images, of which there may be several or none. */
  private interface Extractor extends Function<Row, List<ImageOrError>>, Serializable {}

  private Dataset<Row> score(Dataset<Row> rows, Broadcast<ModelFiles> model, Extractor extractor) {
    return rows.mapPartitions(
        (MapPartitionsFunction<Row, Row>)
            partition ->
                new PredictionIterator(
                    model.value().load(),
                    StreamSupport.stream(Spliterators.spliteratorUnknownSize(partition, 0), false)
                        .flatMap(row -> extractor.apply(row).stream())
                        .iterator()),
        Encoders.row(PredictionIterator.SCHEMA));
  }
}
