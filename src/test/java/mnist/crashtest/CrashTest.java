package mnist.crashtest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mnist.app.Main;
import mnist.bench.MarkdownTable;
import mnist.console.CommandLines;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import mnist.platform.Json;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tries to make a run lose data: kills it at random moments, fills its disk, damages its files,
 * makes its folder read-only, resumes it, also where it would get other numbers, and compares the
 * results with those of an undisturbed run.
 */
@Command(
    name = "mnist.crashtest.CrashTest",
    description = "Kills runs and fills their disks, resumes them and counts lost results.")
public final class CrashTest implements Callable<Integer> {

  /** A stage and a number of iterations that take some seconds. */
  private record Subject(String stage, int iterations) {}

  private static final List<Subject> SUBJECTS =
      List.of(new Subject("1.0", 8_000), new Subject("2.2", 3_000), new Subject("3.1", 500));

  /** Ends within a second, so that what precedes and follows its training can be disturbed. */
  private static final Subject SHORT = new Subject("2.1", 200);

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "100",
      description =
          "Number of kills, a fifth of them while a checkpoint is written. Default:"
              + " ${DEFAULT-VALUE}")
  private int kills;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the random moments. Default: ${DEFAULT-VALUE}")
  private long seed;

  private final MarkdownTable table =
      new MarkdownTable(List.of("disturbance", "times", "runs", "losses"));
  private Random random;
  private Path errors;
  private int losses;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new CrashTest(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    random = new Random(seed);
    Path work = Files.createTempDirectory("mnist-crashtest");
    errors = work.resolve("standard-error");
    try {
      for (int i = 0; i < SUBJECTS.size(); i++) {
        int share = kills / SUBJECTS.size() + (i < kills % SUBJECTS.size() ? 1 : 0);
        kill(SUBJECTS.get(i), share, work);
      }
      fillDisk(SUBJECTS.get(1), work);
      makeReadOnly(SUBJECTS.get(1), work);
      terminateAtTheEnd(SUBJECTS.get(2), work);
      if (start(SHORT, undisturbed(SHORT, work)).waitFor() != 0) {
        throw new IOException("the undisturbed run failed: " + errorLines());
      }
      killAfterTraining(work);
      leaveCheckpointUnderAnotherName(work);
      damage(work);
      resumeWithOtherKernels(work);
    } finally {
      FileTree.delete(work);
    }
    System.out.print(table);
    return losses == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  // ---- kill -9

  private void kill(Subject subject, int share, Path work)
      throws IOException, InterruptedException {
    Path undisturbed = undisturbed(subject, work);
    if (start(subject, undisturbed).waitFor() != 0) {
      throw new IOException("the undisturbed run failed: " + errorLines());
    }
    int done = 0;
    int whileWriting = 0;
    int runs = 0;
    int lost = 0;
    while (done < share) {
      Path run = work.resolve(subject.stage() + "-" + runs++);
      boolean completed = false;
      while (!completed) {
        boolean inWrite = whileWriting < share / 5 && random.nextBoolean();
        Process process = start(subject, run);
        boolean running =
            done < share
                && (inWrite
                    ? awaitCheckpointWrite(process, run)
                    : !process.waitFor(500 + random.nextInt(6_000), TimeUnit.MILLISECONDS));
        if (running) {
          process.destroyForcibly().waitFor();
          done++;
          whileWriting += inWrite ? 1 : 0;
        } else {
          completed = process.waitFor() == 0;
          if (!completed) {
            throw new IOException("the run in " + run + " failed: " + errorLines());
          }
        }
      }
      lost += isEqual(undisturbed, run) ? 0 : 1;
    }
    addRow(
        "kill -9 of " + subject.stage() + " at a random moment", done - whileWriting, runs, lost);
    addRow("  … while a checkpoint is written", whileWriting, runs, 0);
  }

  private static Path undisturbed(Subject subject, Path work) {
    return work.resolve(subject.stage() + "-undisturbed");
  }

  /** Waits until a checkpoint is being written; false if the process ends before. */
  private static boolean awaitCheckpointWrite(Process process, Path run) throws IOException {
    while (process.isAlive()) {
      if (Files.isDirectory(run)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(run, ".checkpoint-*")) {
          if (files.iterator().hasNext()) {
            return true;
          }
        }
      }
      Thread.onSpinWait();
    }
    return false;
  }

  private Process start(Subject subject, Path run) throws IOException {
    return start(subject, run, List.of());
  }

  /**
   * Starts a new run, or resumes it if it has a checkpoint.
   *
   * @param launcher what starts the command; may be empty
   */
  private Process start(Subject subject, Path run, List<String> launcher) throws IOException {
    if (hasCheckpoint(run)) {
      return resume(subject, run, launcher);
    }
    if (Files.isDirectory(run)) {
      FileTree.delete(run); // killed before its first checkpoint
    }
    String iterations = "--iterations=" + subject.iterations();
    return start(subject, launcher, iterations, "--record-view", "--run-dir", run.toString());
  }

  private Process resume(Subject subject, Path run, List<String> launcher, String... more)
      throws IOException {
    List<String> options = new ArrayList<>(List.of("--resume", run.toString()));
    options.addAll(List.of(more));
    return start(subject, launcher, options.toArray(String[]::new));
  }

  private Process start(Subject subject, List<String> launcher, String... options)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of(subject.stage(), "--quiet", "--checkpoint-seconds=1"));
    arguments.addAll(List.of(options));
    List<String> command = new ArrayList<>(launcher);
    command.addAll(
        JavaProcess.command(JavaProcess.inheritedOptions(), Main.class.getName(), arguments));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(errors.toFile())
        .start();
  }

  /** The standard error of the last process. */
  private List<String> errorLines() throws IOException {
    return Files.readAllLines(errors);
  }

  /** Whether two runs have equal final and best weights, measurements and models. */
  private static boolean isEqual(Path undisturbed, Path run) throws IOException {
    JsonNode expected =
        Json.MAPPER.readTree(undisturbed.resolve("run.json").toFile()).path("results");
    JsonNode found = Json.MAPPER.readTree(run.resolve("run.json").toFile()).path("results");
    boolean equal =
        Files.mismatch(undisturbed.resolve("metrics.jsonl"), run.resolve("metrics.jsonl")) < 0;
    for (String result :
        List.of("steps", "best_test", "last_test", "confusion", "weights_sha256")) {
      equal &= expected.path(result).equals(found.path(result));
    }
    equal &= expected.at("/model/weights_sha256").equals(found.at("/model/weights_sha256"));
    String weights = "model/variables/variables.data-00000-of-00001";
    equal &= Files.mismatch(undisturbed.resolve(weights), run.resolve(weights)) < 0;
    if (!equal) {
      System.err.println(run + " differs from " + undisturbed);
    }
    return equal;
  }

  // ---- A full disk

  /** Fails a run at one write after another by growing its disk, and resumes it with room. */
  private void fillDisk(Subject subject, Path work) throws IOException, InterruptedException {
    Path disk = Files.createDirectory(work.resolve("disk"));
    int[] kilobytes = {4, 24, 60, 120, 300, 700, 1_400, 2_600, 4_200, 5_000, 5_600, 6_200};
    if (!ran("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString())) {
      addRow("full disk: skipped, requires the right to mount one", 0, 0, 0);
      return;
    }
    int full = 0;
    int lost = 0;
    try {
      Path undisturbed = undisturbed(subject, work);
      for (int size : kilobytes) {
        FileTree.delete(disk.resolve("run"));
        resize(disk, size + "k");
        Path run = disk.resolve("run");
        if (start(subject, run).waitFor() == 0) {
          continue;
        }
        full++;
        boolean reported =
            errorLines().size() <= 2
                && errorLines().get(errorLines().size() - 1).startsWith("error: ");
        Path info = run.resolve("run.json");
        reported &= !Files.exists(info) || Json.MAPPER.readTree(info.toFile()).isObject();
        resize(disk, "64m");
        if (start(subject, run).waitFor() != 0 || !reported || !isEqual(undisturbed, run)) {
          System.err.println("with " + size + " kB: " + errorLines());
          lost++;
        }
      }
    } finally {
      ran("umount", disk.toString());
    }
    addRow("full disk, then room again", full, full, lost);
  }

  // ---- A read-only folder

  private void makeReadOnly(Subject subject, Path work) throws IOException, InterruptedException {
    // Root can write anywhere unless it drops this capability.
    List<String> unprivileged = List.of("setpriv", "--bounding-set", "-dac_override");
    boolean root = System.getProperty("user.name").equals("root");
    if (root && !ran("setpriv", "--bounding-set", "-dac_override", "true")) {
      addRow("read-only folder: skipped, root can write to any", 0, 0, 0);
      return;
    }
    Path run = work.resolve("read-only");
    Process process = start(subject, run, root ? unprivileged : List.of());
    while (process.isAlive() && !hasCheckpoint(run)) {
      Thread.sleep(10);
    }
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(run);
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("r-xr-xr-x"));
    boolean failed = process.waitFor() != 0;
    boolean reported =
        errorLines().size() <= 2 && errorLines().get(errorLines().size() - 1).startsWith("error: ");
    Files.setPosixFilePermissions(run, before);
    boolean equal = start(subject, run).waitFor() == 0 && isEqual(undisturbed(subject, work), run);
    if (!failed || !reported || !equal) {
      System.err.println("read-only: " + errorLines());
    }
    int lost = failed && reported && equal ? 0 : 1;
    addRow("read-only folder, then writable again", 1, 1, lost);
  }

  private static boolean hasCheckpoint(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      return false;
    }
    try (DirectoryStream<Path> checkpoints = Files.newDirectoryStream(run, "checkpoint-*")) {
      return checkpoints.iterator().hasNext();
    }
  }

  // ---- SIGTERM

  /** Terminates a run while it evaluates the test set for the last time. */
  private void terminateAtTheEnd(Subject subject, Path work)
      throws IOException, InterruptedException {
    Path run = work.resolve("terminated");
    Process process = start(subject, run);
    Path metrics = run.resolve("metrics.jsonl");
    // The batch is evaluated right before the test set.
    String last = "{\"iteration\":" + subject.iterations() + ",";
    while (process.isAlive()
        && !(Files.exists(metrics) && Files.readString(metrics).contains(last))) {
      Thread.sleep(1);
    }
    boolean running = process.isAlive();
    process.destroy();
    process.waitFor();
    String status = status(run);
    boolean completed =
        status.equals("completed")
            || status.equals("interrupted") && start(subject, run).waitFor() == 0;
    boolean equal = completed && isEqual(undisturbed(subject, work), run);
    if (!running || !equal) {
      System.err.println("SIGTERM: " + status + " " + errorLines());
    }
    int lost = running && equal ? 0 : 1;
    addRow("SIGTERM during the last evaluation", 1, 1, lost);
  }

  // ---- The end of a run

  /** Kills a run between its last checkpoint and its end: while it saves the model. */
  private void killAfterTraining(Path work) throws IOException, InterruptedException {
    int times = 10;
    int lost = 0;
    for (int i = 0; i < times; i++) {
      Path run = work.resolve("killed-at-the-end-" + i);
      Process process = start(SHORT, run);
      Path last = run.resolve("checkpoint-" + (SHORT.iterations() + 1));
      while (process.isAlive() && !Files.exists(last)) {
        Thread.onSpinWait();
      }
      process.waitFor(i * 50, TimeUnit.MILLISECONDS);
      process.destroyForcibly().waitFor();
      boolean equal =
          status(run).equals("completed") || resume(SHORT, run, List.of()).waitFor() == 0;
      lost += equal && isEqual(undisturbed(SHORT, work), run) ? 0 : 1;
    }
    addRow("kill -9 while the model is saved", times, times, lost);
  }

  private static String status(Path run) throws IOException {
    return Json.MAPPER.readTree(run.resolve("run.json").toFile()).path("status").asText();
  }

  /** A copy of the undisturbed short run, killed before it saved its model. */
  private static Path unfinished(String name, Path work) throws IOException {
    Path from = undisturbed(SHORT, work);
    Path run = work.resolve(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(file -> !file.startsWith(from.resolve("model"))).toList()) {
        Files.copy(file, run.resolve(from.relativize(file)));
      }
    }
    ObjectNode info = (ObjectNode) Json.MAPPER.readTree(run.resolve("run.json").toFile());
    Files.writeString(run.resolve("run.json"), info.put("status", "running").toString());
    return run;
  }

  /** As earlier versions did when they were killed between two renames. */
  private void leaveCheckpointUnderAnotherName(Path work) throws IOException, InterruptedException {
    int lost = 0;
    for (String suffix : List.of(".old", ".part")) {
      Path run = unfinished("renamed" + suffix, work);
      String name = "checkpoint-" + (SHORT.iterations() + 1);
      Files.move(run.resolve(name), run.resolve("." + name + "." + UUID.randomUUID() + suffix));
      boolean resumed = resume(SHORT, run, List.of()).waitFor() == 0;
      lost += resumed && isEqual(undisturbed(SHORT, work), run) ? 0 : 1;
    }
    addRow("checkpoint between two renames", 2, 2, lost);
  }

  // ---- Damage, and other kernels

  private void damage(Path work) throws IOException, InterruptedException {
    Path behind = unfinished("damaged-behind", work);
    Files.writeString(behind.resolve("metrics.jsonl"), "garbage\n", StandardOpenOption.APPEND);
    boolean resumed = resume(SHORT, behind, List.of()).waitFor() == 0;
    int lost = resumed && isEqual(undisturbed(SHORT, work), behind) ? 0 : 1;
    addRow("metrics damaged behind the checkpoint", 1, 1, lost);

    Path before = unfinished("damaged-before", work);
    Path metrics = before.resolve("metrics.jsonl");
    String content = Files.readString(metrics);
    Files.writeString(metrics, "garbage" + content);
    lost = isRefused(before, "line 1 is damaged", List.of()) ? 0 : 1;
    Files.writeString(metrics, content);
    resumed = resume(SHORT, before, List.of()).waitFor() == 0;
    lost += resumed && isEqual(undisturbed(SHORT, work), before) ? 0 : 1;
    addRow("metrics damaged before it, then mended", 1, 1, lost);

    Path run = undisturbed(SHORT, work);
    Path stray = Files.createFile(run.resolve("model/stray"));
    lost = isRefused(run, "contains stray", List.of(), "--iterations=300") ? 0 : 1;
    Files.delete(stray);
    addRow("extension with a stray file in the model", 1, 1, lost);
  }

  /** Whether a resume is refused in one line, with run.json unchanged. */
  private boolean isRefused(Path run, String reason, List<String> launcher, String... more)
      throws IOException, InterruptedException {
    String before = Files.readString(run.resolve("run.json"));
    boolean failed = resume(SHORT, run, launcher, more).waitFor() == 1;
    boolean refused =
        failed
            && errorLines().size() == 1
            && errorLines().get(0).contains(reason)
            && Files.readString(run.resolve("run.json")).equals(before);
    if (!refused) {
      System.err.println(run + " should be refused: " + errorLines());
    }
    return refused;
  }

  private void resumeWithOtherKernels(Path work) throws IOException, InterruptedException {
    List<String> others = List.of("ONEDNN_MAX_CPU_ISA=SSE41", "TF_NUM_INTRAOP_THREADS=13");
    int lost = 0;
    for (String other : others) {
      Path run = unfinished("kernels-" + other, work);
      boolean refused = isRefused(run, "started with other kernels", List.of("env", other));
      boolean resumed = resume(SHORT, run, List.of()).waitFor() == 0;
      lost += refused && resumed && isEqual(undisturbed(SHORT, work), run) ? 0 : 1;
    }
    addRow("resume with other kernels, then as started", others.size(), others.size(), lost);
  }

  private static void resize(Path disk, String size) throws IOException, InterruptedException {
    ran("mount", "-o", "remount,size=" + size, disk.toString());
  }

  private static boolean ran(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(Arrays.asList(command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  private void addRow(String disturbance, int times, int runs, int lost) {
    losses += lost;
    table.add(
        List.of(disturbance, String.valueOf(times), String.valueOf(runs), String.valueOf(lost)));
  }
}
