package mnist.crashtest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import mnist.app.Main;
import mnist.console.CommandLines;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import mnist.platform.Json;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tries to make a run lose data: kills it at random moments, fills its disk, makes its folder
 * read-only, resumes it, and compares the results with those of an undisturbed run.
 */
@Command(
    name = "mnist.crashtest.CrashTest",
    description = "Kills runs and fills their disks, resumes them and counts lost results.")
public final class CrashTest implements Callable<Integer> {

  /** A stage and a number of iterations that take some seconds. */
  private record Subject(String stage, int iterations) {}

  private static final List<Subject> SUBJECTS =
      List.of(new Subject("1.0", 8_000), new Subject("2.2", 3_000), new Subject("3.1", 500));

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

  private final List<String> table = new ArrayList<>();
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
    } finally {
      FileTree.delete(work);
    }
    System.out.println();
    System.out.println("disturbance                                          times  runs  losses");
    table.forEach(System.out::println);
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
    boolean resumes = hasCheckpoint(run);
    if (Files.isDirectory(run) && !resumes) {
      FileTree.delete(run); // killed before its first checkpoint
    }
    List<String> command = new ArrayList<>(launcher);
    List<String> arguments =
        new ArrayList<>(List.of(subject.stage(), "--quiet", "--checkpoint-seconds=1"));
    arguments.addAll(
        resumes
            ? List.of("--resume", run.toString())
            : List.of(
                "--iterations=" + subject.iterations(),
                "--record-view",
                "--run-dir",
                run.toString()));
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
      table.add("full disk: skipped, requires the right to mount one");
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
      table.add("read-only folder: skipped, root can write to any");
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
    String status = Json.MAPPER.readTree(run.resolve("run.json").toFile()).path("status").asText();
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
    table.add(String.format(Locale.ROOT, "%-48s %8d  %4d  %6d", disturbance, times, runs, lost));
  }
}
