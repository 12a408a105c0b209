package mnist.platform;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;

/**
 * A program in which TensorFlow gives up with a message of its own: {@code after} it was loaded, or
 * while it {@code loads}. Or, {@code again}, it is loaded twice, and the files are listed into
 * which standard error was redirected the second time.
 */
final class FatalMessage {
  private static final int FATAL = 3;

  private FatalMessage() {}

  public static void main(String[] args) throws IOException {
    if (args[0].equals("loads")) {
      System.setProperty("org.bytedeco.javacpp.logger.debug", "true");
      System.setErr(new WhileLoading());
    }
    NativeEnvironment.load(true);
    System.out.println("loaded");
    if (args[0].equals("again")) {
      loadAgain();
    } else {
      giveUp();
    }
  }

  private static void loadAgain() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (WatchService watch = temporary.getFileSystem().newWatchService()) {
      WatchKey key = temporary.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      NativeEnvironment.load(true);
      Files.createFile(temporary.resolve("last"));
      List<String> created = new ArrayList<>();
      while (!created.contains("last")) {
        key.pollEvents().forEach(event -> created.add(event.context().toString()));
      }
      System.out.println("created " + created);
    }
  }

  private static void giveUp() {
    NativeLibrary.getInstance("libtensorflow_framework.so.2")
        .getFunction("TF_Log")
        .invokeVoid(new Object[] {FATAL, "the last words"});
  }

  /** JavaCPP names each library before it loads it; TensorFlow's come first, its own last. */
  private static final class WhileLoading extends PrintStream {
    WhileLoading() {
      super(System.err, true);
    }

    @Override
    public void println(String line) {
      if (line.contains("libjnitensorflow")) {
        giveUp();
      }
    }
  }
}
