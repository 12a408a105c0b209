package mnist.data.sources;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mnist.data.DataSet;

/**
 * A published data set: four IDX files identified by their SHA-256.
 *
 * @param name as in {@link DataSource}
 * @param title its name in messages
 * @param folderVariable environment variable for a folder with the files
 * @param systemFolder where an operating system package installs the files
 * @param classNames names of the classes 0..9
 * @param sha256 of each of {@link IdxFolder#FILES}, uncompressed, in hexadecimal digits
 * @param mirrors have the files under {@code <mirror><file>.gz}; tried in this order
 */
record PublishedSet(
    String name,
    String title,
    String folderVariable,
    Optional<Path> systemFolder,
    List<String> classNames,
    List<String> sha256,
    List<URI> mirrors) {

  /** MNIST, LeCun, Cortes and Burges, 1998. */
  static final PublishedSet MNIST =
      new PublishedSet(
          "mnist",
          "MNIST",
          "MNIST_DATA",
          Optional.empty(),
          DataSet.DIGITS,
          List.of(
              "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
              "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
              "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
              "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
          List.of(
              URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"),
              URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/")));

  /** Fashion-MNIST, Xiao, Rasul and Vollgraf, 2017. */
  static final PublishedSet FASHION_MNIST =
      new PublishedSet(
          "fashion-mnist",
          "Fashion-MNIST",
          "FASHION_MNIST_DATA",
          Optional.of(Path.of("/usr/share/datasets/fashion-mnist")), // Debian's
          List.of(
              "T-shirt/top",
              "Trouser",
              "Pullover",
              "Dress",
              "Coat",
              "Sandal",
              "Shirt",
              "Sneaker",
              "Bag",
              "Ankle boot"),
          List.of(
              "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
              "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
              "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
              "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
          List.of(
              URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
              URI.create("https://storage.googleapis.com/tensorflow/tf-keras-datasets/")));

  /** The expected SHA-256 of a file, uncompressed. */
  String sha256(String file) {
    return sha256.get(IdxFolder.FILES.indexOf(file));
  }
}
