package mnist.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import mnist.console.CommandLines;
import mnist.data.DataException;
import mnist.model.Model;
import mnist.platform.NativeEnvironment;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.util.SerializableConfiguration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of scoring. */
@Command(
    name = "mnist.spark.Score",
    description =
        "Says which digit each of very many images shows, on all cores of this machine or of a"
            + " cluster; leaves a row for each as Parquet: image, class, probabilities, error.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every image has its row; of those that could not be recognised, the rows say why",
      "1:could not be done; a line on standard error says why",
      "2:a wrong option"
    })
public final class ScoreCommand implements Callable<Integer> {
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
      description = "Folder for the answers; must not exist yet.")
  private String out;

  @Parameters(
      paramLabel = "IMAGES",
      arity = "1..*",
      description =
          "IDX files of images, folders of pictures with all that is below them, pictures, Parquet"
              + " with a column of pictures or of 784 bytes each.")
  private List<String> inputs;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description = "The column of Parquet that has the images. Default: the only binary one")
  private String column;

  @Option(
      names = "--no-onednn",
      description = "Keep to TensorFlow's plain kernels; the last bits differ.")
  private boolean noOneDnn;

  @Mixin private Cluster cluster = new Cluster();

  private final PrintStream screen;

  private ScoreCommand(PrintStream screen) {
    this.screen = screen;
  }

  /** Does what the arguments say; gives the exit code. */
  public static int run(PrintStream screen, PrintStream err, String... args) {
    return CommandLines.create(new ScoreCommand(screen), screen, err).execute(args);
  }

  @Override
  public Integer call() throws IOException, SparkException {
    NativeEnvironment.useOneThread();
    NativeEnvironment.load(!noOneDnn);
    Model.load(model).close(); // what is wrong with it is said now, and not by an executor
    ModelFiles files = ModelFiles.of(model);
    long began = System.nanoTime();
    try (SparkSession spark = cluster.open("mnist score", 1)) {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      Path target = qualified(out, hadoop);
      FileSystem system = target.getFileSystem(hadoop);
      if (system.exists(target)) {
        throw new IOException(out + " exists already, and is not overwritten");
      }
      Path draft =
          new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID() + ".part");
      system.deleteOnExit(draft); // should the process be stopped meanwhile
      try {
        answers(spark, files).write().parquet(draft.toString());
        if (!system.rename(draft, target)) {
          throw new IOException(out + " cannot be made of " + draft);
        }
      } finally {
        system.delete(draft, true);
      }
      report(spark.read().schema(Answers.SCHEMA).parquet(target.toString()), began);
      return CommandLine.ExitCode.OK;
    }
  }

  private static Path qualified(String name, Configuration hadoop) throws IOException {
    Path path = new Path(name);
    return path.getFileSystem(hadoop).makeQualified(path);
  }

  private void report(Dataset<Row> answers, long began) {
    Row counts = answers.agg(count("image"), count("error")).first();
    double seconds = (System.nanoTime() - began) / 1e9;
    screen.printf(
        Locale.ROOT,
        "%,d images in %.1f s, %,.0f a second%n",
        counts.getLong(0),
        seconds,
        counts.getLong(0) / seconds);
    if (counts.getLong(1) > 0) {
      screen.printf(
          Locale.ROOT,
          "%,d of them could not be recognised: the column error says why%n",
          counts.getLong(1));
    }
    screen.println("Answers in " + out);
  }

  // ---- What is read, and by whom

  private Dataset<Row> answers(SparkSession spark, ModelFiles files) throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    Broadcast<ModelFiles> model =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(files);
    List<IdxPart> idx = new ArrayList<>();
    List<String> pictures = new ArrayList<>();
    List<String> tables = new ArrayList<>();
    List<Row> refused = new ArrayList<>();
    for (String input : inputs) {
      Path path = qualified(input, hadoop);
      FileSystem system = path.getFileSystem(hadoop);
      if (!system.exists(path)) {
        throw new IOException(input + ": no such file or folder");
      }
      if (isTable(system, path)) {
        tables.add(literally(path));
      } else if (system.getFileStatus(path).isDirectory() || !isIdx(system, path)) {
        pictures.add(literally(path));
        refused.addAll(empty(system, path));
      } else {
        try {
          idx.add(IdxPart.of(system, path, name(path)));
        } catch (DataException e) {
          refused.add(RowFactory.create(name(path), null, null, e.getMessage()));
        }
      }
    }
    List<Dataset<Row>> all = new ArrayList<>();
    if (!idx.isEmpty()) {
      all.add(ofIdx(spark, idx, model));
    }
    if (!pictures.isEmpty()) {
      all.add(ofPictures(spark, pictures, model));
    }
    for (String table : tables) {
      all.add(ofTable(spark, table, model));
    }
    if (!refused.isEmpty()) {
      all.add(spark.createDataFrame(refused, Answers.SCHEMA));
    }
    return all.stream().reduce(Dataset::union).orElseThrow();
  }

  /** Empty files, which Spark passes over. */
  private static List<Row> empty(FileSystem system, Path path) throws IOException {
    List<Row> empty = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> files = system.listFiles(path, true);
    while (files.hasNext()) {
      FileStatus file = files.next();
      if (file.getLen() == 0) {
        String name = name(file.getPath());
        empty.add(RowFactory.create(name, null, null, name + " is empty, expected an image"));
      }
    }
    return empty;
  }

  /** A path for Spark, which takes brackets and the like for a pattern. */
  private static String literally(Path path) {
    return path.toString().replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0");
  }

  private static boolean isTable(FileSystem system, Path path) throws IOException {
    if (!system.getFileStatus(path).isDirectory()) {
      return path.getName().endsWith(".parquet");
    }
    for (FileStatus file : system.listStatus(path)) {
      if (file.getPath().getName().endsWith(".parquet")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isIdx(FileSystem system, Path path) throws IOException {
    try (FSDataInputStream in = system.open(path)) {
      return IdxPart.isIdx(in.readNBytes(2));
    }
  }

  /** A local file by its path, as everywhere else; others by their address. */
  private static String name(Path path) {
    URI uri = path.toUri();
    return "file".equals(uri.getScheme()) ? uri.getPath() : path.toString();
  }

  private Dataset<Row> ofIdx(SparkSession spark, List<IdxPart> files, Broadcast<ModelFiles> model) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<IdxPart> parts = IdxPart.split(files, context.defaultParallelism());
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    boolean oneDnn = !noOneDnn;
    return spark.createDataFrame(
        context
            .parallelize(parts, parts.size()) // one each
            .mapPartitions(
                one ->
                    new Answers(
                        ProcessModel.of(model.value(), oneDnn),
                        one.next().images(hadoop.value().value()))),
        Answers.SCHEMA);
  }

  private Dataset<Row> ofPictures(
      SparkSession spark, List<String> paths, Broadcast<ModelFiles> model) {
    // A picture has some kilobytes: as many in a task as make it worth one.
    spark.conf().set("spark.sql.files.openCostInBytes", "65536");
    Dataset<Row> files =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", "true")
            .load(paths.toArray(String[]::new))
            .select("path", "content");
    return answered(
        files,
        model,
        file -> Content.ofFile(name(new Path(file.getString(0))), (byte[]) file.get(1)));
  }

  private Dataset<Row> ofTable(SparkSession spark, String path, Broadcast<ModelFiles> model)
      throws IOException {
    Dataset<Row> table = spark.read().parquet(path);
    List<String> binary =
        Arrays.stream(table.schema().fields())
            .filter(field -> field.dataType().equals(DataTypes.BinaryType))
            .map(StructField::name)
            .toList();
    if (column == null ? binary.size() != 1 : !binary.contains(column)) {
      throw new IOException(
          "%s has the binary columns %s, expected %s"
              .formatted(path, binary, column == null ? "one, or the choice of --column" : column));
    }
    return answered(
        table.select(
            col("_metadata.file_path"),
            col("_metadata.row_index"),
            col("`" + (column == null ? binary.get(0) : column) + "`")),
        model,
        row ->
            Content.ofCell(
                name(new Path(URI.create(row.getString(0)))) + "[" + row.getLong(1) + "]",
                (byte[]) row.get(2)));
  }

  /** What a row holds. */
  private interface Reading extends Function<Row, List<Found>>, java.io.Serializable {}

  private Dataset<Row> answered(Dataset<Row> rows, Broadcast<ModelFiles> model, Reading reading) {
    boolean oneDnn = !noOneDnn;
    return rows.mapPartitions(
        (MapPartitionsFunction<Row, Row>)
            some ->
                new Answers(ProcessModel.of(model.value(), oneDnn), new FoundInRows(some, reading)),
        Encoders.row(Answers.SCHEMA));
  }

  /** The images of some rows, of which one may hold several or none. */
  private static final class FoundInRows implements Iterator<Found> {
    private final Iterator<Row> rows;
    private final Reading reading;
    private final Deque<Found> found = new ArrayDeque<>();

    FoundInRows(Iterator<Row> rows, Reading reading) {
      this.rows = rows;
      this.reading = reading;
    }

    @Override
    public boolean hasNext() {
      while (found.isEmpty() && rows.hasNext()) {
        found.addAll(reading.apply(rows.next()));
      }
      return !found.isEmpty();
    }

    @Override
    public Found next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return found.remove();
    }
  }
}
