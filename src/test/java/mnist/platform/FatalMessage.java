package mnist.platform;

import com.sun.jna.NativeLibrary;
import java.io.PrintStream;

/**
 * A program in which TensorFlow gives up with a message of its own: {@code after} it was loaded, or
 * while it {@code loads}.
 */
final class FatalMessage {
  private static final int FATAL = 3;

  private FatalMessage() {}

  public static void main(String[] args) {
    if (args[0].equals("loads")) {
      System.setProperty("org.bytedeco.javacpp.logger.debug", "true");
      System.setErr(new WhileLoading());
    }
    NativeEnvironment.load(true);
    System.out.println("loaded");
    giveUp();
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
