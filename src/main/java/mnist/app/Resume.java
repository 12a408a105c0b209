package mnist.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mnist.Stages;
import mnist.console.CliErrors;
import mnist.runs.RunFolder;
import mnist.runs.RunFolders;

/** Resumes the newest unfinished run in {@code runs}. */
public final class Resume {
  private Resume() {}

  /**
   * @param args additional options, as for the run's stage
   */
  public static void main(String[] args) {
    RunFolder unfinished;
    String stage;
    try {
      unfinished = new RunFolders(Path.of(RunFolders.DEFAULT)).newestUnfinished();
      stage = unfinished.info().stage();
    } catch (IOException e) {
      System.exit(CliErrors.report(e, System.err));
      return;
    }
    List<String> all = new ArrayList<>(List.of("--resume", unfinished.path().toString()));
    all.addAll(List.of(args));
    Training.main(Stages.named(stage), all.toArray(String[]::new));
  }
}
