package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mnist.Stages;
import mnist.console.CliErrors;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;
import mnist.training.Stage;

/** Resumes the newest unfinished run in {@code runs}. */
public final class Resume {
  private Resume() {}

  /**
   * @param args additional options, as for the run's stage
   */
  public static void main(String[] args) {
    RunFolder unfinished;
    Stage stage;
    try {
      unfinished =
          new RunFolders(Path.of(RunFolders.DEFAULT), System.err::println).newestUnfinished();
      stage = stage(unfinished);
    } catch (IOException e) {
      System.exit(CliErrors.report(e, System.err));
      return;
    }
    List<String> all = new ArrayList<>(List.of("--resume", unfinished.path().toString()));
    all.addAll(List.of(args));
    Training.main(stage, all.toArray(String[]::new));
  }

  private static Stage stage(RunFolder run) throws IOException {
    try {
      return Stages.named(run.completeInfo().stage());
    } catch (IllegalArgumentException e) {
      throw new IOException(run.infoFile() + ": " + e.getMessage(), e);
    }
  }
}
