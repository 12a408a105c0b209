package mnist.crashtest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import mnist.Mnist10Softmax;
import mnist.Mnist22FiveLayersReluLrDecayDropout;
import mnist.Mnist31ConvolutionalBiggerDropout;
import mnist.console.CliErrors;
import mnist.console.CommandLines;
import mnist.platform.FileTree;
import mnist.platform.JavaProcess;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tries to make a run lose something: kills it at random moments, fills its disk, locks its folder,
 * and holds what it comes to after resuming against the same run left alone.
 */
@Command(
    name = "mnist.crashtest.CrashTest",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Kills runs and fills their disks; prints what resuming has lost, which is nothing.")
public final class CrashTest implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A stage, and a run of it that takes some seconds. */
  private record Victim(Class<?> main, int iterations) {
    String name() {
      return main.getSimpleName();
    }
  }

  private static final List<Victim> VICTIMS =
      List.of(
          new Victim(Mnist10Softmax.class, 8_000),
          new Victim(Mnist22FiveLayersReluLrDecayDropout.class, 3_000),
          new Victim(Mnist31ConvolutionalBiggerDropout.class, 500));

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "100",
      description =
          "How often a run is killed, a fifth of it while a checkpoint is written. Default:"
              + " ${DEFAULT-VALUE}")
  private int kills;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the random moments. Default: ${DEFAULT-VALUE}")
  private long seed;

  private final List<String> table = new ArrayList<>();
  private Random random;
  private Path errors;
  private int losses;

  public static void main(String[] args) {
    System.exit(CommandLines.create(new CrashTest(), System.out, System.err).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    random = new Random(seed);
    try {
      Path work = Files.createTempDirectory("mnist-torture");
      errors = work.resolve("standard-error");
      try {
        for (int i = 0; i < VICTIMS.size(); i++) {
          int share = kills / VICTIMS.size() + (i < kills % VICTIMS.size() ? 1 : 0);
          kill(VICTIMS.get(i), share, work);
        }
        fillDisk(VICTIMS.get(1), work);
        makeReadOnly(VICTIMS.get(1), work);
        terminateAtTheEnd(VICTIMS.get(2), work);
      } finally {
        FileTree.delete(work);
      }
    } catch (IOException e) {
      return CliErrors.report(e, System.err);
    }
    System.out.println();
    System.out.println("what was done                                   how often  runs  losses");
    table.forEach(System.out::println);
    return losses == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  // ---- kill -9

  private void kill(Victim victim, int share, Path work) throws IOException, InterruptedException {
    Path alone = work.resolve(victim.name() + "-alone");
    leaveAlone(victim, alone);
    int done = 0;
    int whileWriting = 0;
    int runs = 0;
    int lost = 0;
    while (done < share) {
      Path run = work.resolve(victim.name() + "-" + runs++);
      boolean completed = false;
      while (!completed) {
        boolean wantsWriting = whileWriting < share / 5 && random.nextBoolean();
        Process process = start(victim, run);
        boolean killed =
            done < share
                && (wantsWriting
                    ? killedWhileWriting(process, run)
                    : !process.waitFor(500 + random.nextInt(6_000), TimeUnit.MILLISECONDS));
        if (killed) {
          process.destroyForcibly().waitFor();
          done++;
          whileWriting += wantsWriting ? 1 : 0;
        } else {
          completed = process.waitFor() == 0;
          if (!completed) {
            throw new IOException("the run in " + run + " failed: " + said());
          }
        }
      }
      lost += isEqual(alone, run) ? 0 : 1;
    }
    losses += lost;
    table.add(row(victim.name() + ": kill -9 at a random moment", done - whileWriting, runs, lost));
    table.add(row("  … while a checkpoint is written", whileWriting, runs, lost));
  }

  /** Waits for the draft of a checkpoint to appear. */
  private static boolean killedWhileWriting(Process process, Path run) throws IOException {
    while (process.isAlive()) {
      if (Files.isDirectory(run)) {
        try (DirectoryStream<Path> drafts = Files.newDirectoryStream(run, ".checkpoint-*")) {
          if (drafts.iterator().hasNext()) {
            return true;
          }
        }
      }
      Thread.onSpinWait();
    }
    return false;
  }

  private void leaveAlone(Victim victim, Path run) throws IOException, InterruptedException {
    if (start(victim, run).waitFor() != 0) {
      throw new IOException("the run that is left alone failed: " + said());
    }
  }

  /** A new run, or one that goes on where there is a checkpoint. */
  private Process start(Victim victim, Path run) throws IOException {
    return start(victim, run, List.of());
  }

  /**
   * @param through what the command is started through
   */
  private Process start(Victim victim, Path run, List<String> through) throws IOException {
    boolean goesOn = hasCheckpoint(run);
    if (Files.isDirectory(run) && !goesOn) {
      FileTree.delete(run); // killed before its first checkpoint
    }
    List<String> command = new ArrayList<>(through);
    List<String> arguments = new ArrayList<>(List.of("--quiet", "--checkpoint-seconds=1"));
    arguments.addAll(
        goesOn
            ? List.of("--resume", run.toString())
            : List.of(
                "--iterations=" + victim.iterations(),
                "--record-view",
                "--run-dir",
                run.toString()));
    command.addAll(
        JavaProcess.command(JavaProcess.inheritedOptions(), victim.main().getName(), arguments));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(errors.toFile())
        .start();
  }

  /** What the last process said on standard error. */
  private List<String> said() throws IOException {
    return Files.readAllLines(errors);
  }

  /** Whether two runs have come to the same: final and best weights, measurements, model. */
  private static boolean isEqual(Path alone, Path run) throws IOException {
    JsonNode expected = JSON.readTree(alone.resolve("run.json").toFile()).path("results");
    JsonNode found = JSON.readTree(run.resolve("run.json").toFile()).path("results");
    boolean equal =
        Files.mismatch(alone.resolve("metrics.jsonl"), run.resolve("metrics.jsonl")) < 0;
    for (String figure :
        List.of("steps", "best_test", "last_test", "confusion", "weights_sha256")) {
      equal &= expected.path(figure).equals(found.path(figure));
    }
    equal &= expected.at("/model/weights_sha256").equals(found.at("/model/weights_sha256"));
    String weights = "model/variables/variables.data-00000-of-00001";
    equal &= Files.mismatch(alone.resolve(weights), run.resolve(weights)) < 0;
    if (!equal) {
      System.err.println(run + " differs from " + alone);
    }
    return equal;
  }

  // ---- A full disk

  /**
   * A disk of ever more room, on which a run fails at one write after another, and then goes on.
   */
  private void fillDisk(Victim victim, Path work) throws IOException, InterruptedException {
    Path disk = Files.createDirectory(work.resolve("disk"));
    int[] kilobytes = {4, 24, 60, 120, 300, 700, 1_400, 2_600, 4_200, 5_000, 5_600, 6_200};
    if (!ran("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString())) {
      table.add("a full disk: not tried, it takes the rights to mount one");
      return;
    }
    int full = 0;
    int lost = 0;
    try {
      Path alone = work.resolve(victim.name() + "-alone");
      for (int size : kilobytes) {
        FileTree.delete(disk.resolve("run"));
        resize(disk, size + "k");
        Path run = disk.resolve("run");
        if (start(victim, run).waitFor() == 0) {
          continue;
        }
        full++;
        boolean told = said().size() <= 2 && said().get(said().size() - 1).startsWith("error: ");
        resize(disk, "64m");
        if (start(victim, run).waitFor() != 0 || !told || !isEqual(alone, run)) {
          System.err.println("with " + size + " kB: " + said());
          lost++;
        }
      }
    } finally {
      ran("umount", disk.toString());
    }
    losses += lost;
    table.add(row("a full disk, then room again", full, full, lost));
  }

  // ---- A folder that nothing may be written into any more

  private void makeReadOnly(Victim victim, Path work) throws IOException, InterruptedException {
    // Root may write anywhere, unless that right is taken from it.
    List<String> withoutRight = List.of("setpriv", "--bounding-set", "-dac_override");
    boolean root = System.getProperty("user.name").equals("root");
    if (root && !ran("setpriv", "--bounding-set", "-dac_override", "true")) {
      table.add("a folder made read-only: not tried, root may write into any");
      return;
    }
    Path run = work.resolve("read-only");
    Process process = start(victim, run, root ? withoutRight : List.of());
    while (process.isAlive() && !hasCheckpoint(run)) {
      Thread.sleep(10);
    }
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(run);
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("r-xr-xr-x"));
    boolean failed = process.waitFor() != 0;
    boolean told = said().size() <= 2 && said().get(said().size() - 1).startsWith("error: ");
    Files.setPosixFilePermissions(run, before);
    boolean equal =
        start(victim, run).waitFor() == 0 && isEqual(work.resolve(victim.name() + "-alone"), run);
    if (!failed || !told || !equal) {
      System.err.println("read-only: " + said());
    }
    int lost = failed && told && equal ? 0 : 1;
    losses += lost;
    table.add(row("a folder made read-only, then writable again", 1, 1, lost));
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

  /** While the test set is measured for the last time. */
  private void terminateAtTheEnd(Victim victim, Path work)
      throws IOException, InterruptedException {
    Path run = work.resolve("terminated");
    Process process = start(victim, run);
    Path metrics = run.resolve("metrics.jsonl");
    // The batch is measured right before the test set.
    String last = "{\"iteration\":" + victim.iterations() + ",";
    while (process.isAlive()
        && !(Files.exists(metrics) && Files.readString(metrics).contains(last))) {
      Thread.sleep(1);
    }
    boolean running = process.isAlive();
    process.destroy();
    process.waitFor();
    String status = JSON.readTree(run.resolve("run.json").toFile()).path("status").asText();
    boolean ended =
        status.equals("completed")
            || status.equals("interrupted") && start(victim, run).waitFor() == 0;
    boolean equal = ended && isEqual(work.resolve(victim.name() + "-alone"), run);
    if (!running || !equal) {
      System.err.println("SIGTERM: " + status + " " + said());
    }
    int lost = running && equal ? 0 : 1;
    losses += lost;
    table.add(row("SIGTERM in the last measurement", 1, 1, lost));
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

  private static String row(String what, int often, int runs, int lost) {
    return String.format(Locale.ROOT, "%-48s %8d  %4d  %6d", what, often, runs, lost);
  }
}
