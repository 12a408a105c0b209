package mnist.platform;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;

/** Functions of the C library. Each is looked up when called, so none needs to exist everywhere. */
interface CLibrary extends Library {
  int STANDARD_OUTPUT = 1;
  int STANDARD_ERROR = 2;

  /** The folder that JNA unpacks its own library to, for as long as it loads. */
  String FOLDER = "jna.tmpdir";

  /**
   * @throws LinkageError if JNA's own library cannot be loaded
   */
  static CLibrary load() {
    if (System.getProperty(FOLDER) == null) {
      System.setProperty(FOLDER, NativeCache.folder().toString());
    }
    return Native.load(Platform.isWindows() ? "ucrtbase" : "c", CLibrary.class);
  }

  String getenv(String name);

  int setenv(String name, String value, int overwrite);

  int isatty(int fileDescriptor);

  int ioctl(int fileDescriptor, long request, Object... argument);

  int dup(int fileDescriptor);

  int dup2(int fileDescriptor, int target);

  int creat(String path, int mode);

  int close(int fileDescriptor);

  /** {@code setenv} on Windows. */
  int _putenv_s(String name, String value);

  /** {@code isatty} on Windows. */
  int _isatty(int fileDescriptor);
}
