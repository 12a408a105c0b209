package mnist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.node.Image;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the Markdown files say of files, options, make targets and Java. */
class DocumentationTest {
  private static final Path README = Path.of("README.md");
  private static final int README_LINES = 180;

  /** Folders that are not the project's. */
  private static final Set<String> IGNORED = Set.of("target", "runs", ".git", ".venv");

  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z0-9_-]*");

  private static final List<String> PROGRAMS =
      List.of(
          "src/main",
          "src/spark",
          "src/test/java/mnist/bench",
          "src/test/java/mnist/crashtest",
          "src/test/java/mnist/crosscheck");

  private static final Pattern DECLARED =
      Pattern.compile("@Option\\(\\s*names = \"(--[a-z-]+)\",\\s*(hidden = true)?");

  /** Options of git, pip, curl, Docker, TensorBoard, saved_model_cli and spark-submit. */
  private static final Set<String> OTHER_PROGRAMS_OPTIONS =
      Set.of(
          "--all",
          "--class",
          "--conf",
          "--data-binary",
          "--deploy-mode",
          "--dir",
          "--enable-native-access",
          "--jars",
          "--logdir",
          "--rm",
          "--samples_per_plugin",
          "--sun-misc-unsafe-memory-access");

  private static final Pattern HTML_ADDRESS =
      Pattern.compile("\\b(?:href|src|srcset)=\"([^\"]+)\"");

  private static final Pattern GOAL = Pattern.compile("\\bmake (?:[A-Z]+=\\S+ )*([a-z][a-z-]*)");

  private static final Pattern TARGET = Pattern.compile("(?m)^([a-z][a-z-]*)(?=:)");

  private static final Pattern TYPE =
      Pattern.compile("(?m)^(?:public )?(?:final )?(?:class|record|interface) (\\w+)");

  /** The parts of a Markdown file that are checked. */
  private static final class Document extends AbstractVisitor {
    final List<String> addresses = new ArrayList<>();
    final Set<String> anchors = new HashSet<>();
    final List<String> code = new ArrayList<>();
    final List<String> javaBlocks = new ArrayList<>();
    private final Map<String, Integer> headings = new HashMap<>();

    static Document read(Path file) throws IOException {
      Document document = new Document();
      Parser.builder().build().parse(Files.readString(file)).accept(document);
      return document;
    }

    @Override
    public void visit(Link link) {
      addresses.add(link.getDestination());
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      addresses.add(image.getDestination());
    }

    @Override
    public void visit(HtmlBlock html) {
      addAddresses(html.getLiteral());
    }

    @Override
    public void visit(HtmlInline html) {
      addAddresses(html.getLiteral());
    }

    private void addAddresses(String html) {
      HTML_ADDRESS.matcher(html).results().forEach(found -> addresses.add(found.group(1)));
    }

    /** Anchors as GitHub makes them. */
    @Override
    public void visit(Heading heading) {
      String anchor =
          text(heading)
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{M}\\p{N}\\p{Pc}\\- ]", "")
              .replace(' ', '-');
      int earlier = headings.merge(anchor, 1, Integer::sum) - 1;
      anchors.add(earlier == 0 ? anchor : anchor + "-" + earlier);
      visitChildren(heading);
    }

    private static String text(Node node) {
      StringBuilder text = new StringBuilder();
      for (Node child = node.getFirstChild(); child != null; child = child.getNext()) {
        if (child instanceof Text part) {
          text.append(part.getLiteral());
        } else if (child instanceof Code part) {
          text.append(part.getLiteral());
        } else {
          text.append(text(child));
        }
      }
      return text.toString();
    }

    @Override
    public void visit(Code inline) {
      code.add(inline.getLiteral());
    }

    @Override
    public void visit(IndentedCodeBlock block) {
      code.add(block.getLiteral());
    }

    @Override
    public void visit(FencedCodeBlock block) {
      code.add(block.getLiteral());
      if (block.getInfo().equals("java")) {
        javaBlocks.add(block.getLiteral());
      }
    }
  }

  @TempDir Path temp;

  private static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        Path.of(""),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return IGNORED.contains(folder.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".md")) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    assertThat(files).contains(README);
    return files;
  }

  private static Stream<String> matches(Pattern pattern, int group, String text) {
    return pattern.matcher(text).results().map(found -> found.group(group));
  }

  @ParameterizedTest
  @MethodSource("files")
  void linksResolve(Path file) throws IOException {
    for (String address : Document.read(file).addresses) {
      URI uri = URI.create(address);
      if (uri.isAbsolute()) {
        continue;
      }
      Path linked = uri.getPath().isEmpty() ? file : file.resolveSibling(uri.getPath()).normalize();
      assertThat(linked).as("%s links to %s", file, address).exists();
      if (uri.getFragment() != null) {
        assertThat(Document.read(linked).anchors)
            .as("%s links to %s", file, address)
            .contains(uri.getFragment());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void optionsExist(Path file) throws IOException {
    Set<String> known = new HashSet<>(options().keySet());
    known.addAll(pythonOptions());
    known.addAll(OTHER_PROGRAMS_OPTIONS);
    known.addAll(Set.of("--help", "--version"));
    assertThat(mentionedOptions(file)).isSubsetOf(known);
  }

  @Test
  void everyOptionIsDocumented() throws IOException {
    Set<String> mentioned = new TreeSet<>();
    for (Path file : files()) {
      if (file.equals(README) || file.startsWith("docs")) {
        mentioned.addAll(mentionedOptions(file));
      }
    }
    Set<String> offered = new TreeSet<>();
    options().forEach((name, isOffered) -> offered.addAll(isOffered ? Set.of(name) : Set.of()));
    assertThat(offered).hasSizeGreaterThan(30);
    assertThat(mentioned).containsAll(offered);
  }

  private static Set<String> mentionedOptions(Path file) throws IOException {
    Set<String> mentioned = new TreeSet<>();
    Document.read(file).code.forEach(code -> matches(OPTION, 0, code).forEach(mentioned::add));
    return mentioned;
  }

  /** The options of all programs, and whether it is one that users are offered. */
  private static Map<String, Boolean> options() throws IOException {
    Map<String, Boolean> options = new TreeMap<>();
    for (String folder : PROGRAMS) {
      boolean shipped = !folder.startsWith("src/test");
      for (Path source : sources(Path.of(folder), ".java")) {
        for (MatchResult option : DECLARED.matcher(Files.readString(source)).results().toList()) {
          options.merge(option.group(1), shipped && option.group(2) == null, Boolean::logicalOr);
        }
      }
    }
    return options;
  }

  private static Set<String> pythonOptions() throws IOException {
    Set<String> options = new TreeSet<>();
    for (Path source : sources(Path.of("python-reference"), ".py")) {
      matches(Pattern.compile("add_argument\\(\"(--[a-z-]+)"), 1, Files.readString(source))
          .forEach(options::add);
    }
    return options;
  }

  private static List<Path> sources(Path folder, String extension) throws IOException {
    try (Stream<Path> files =
        Files.find(folder, 20, (file, a) -> file.toString().endsWith(extension))) {
      return files.toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void makeTargetsExist(Path file) throws IOException {
    List<String> targets = matches(TARGET, 1, Files.readString(Path.of("Makefile"))).toList();
    assertThat(targets).contains("run", "clean");
    for (String code : Document.read(file).code) {
      assertThat(matches(GOAL, 1, code)).as(code).isSubsetOf(targets);
    }
  }

  /** A whole class compiles; other lines are those of one of the sources. */
  @ParameterizedTest
  @MethodSource("files")
  void javaIsCurrent(Path file) throws IOException {
    for (String java : Document.read(file).javaBlocks) {
      List<String> types = matches(TYPE, 1, java).toList();
      if (types.isEmpty()) {
        assertThat(sources(Path.of("src/main"), ".java"))
            .as("%s quotes %s", file, java)
            .anyMatch(source -> quotes(java, source));
      } else {
        assertThat(compile(types.get(0), java)).as("%s: %s", file, java).isEmpty();
      }
    }
  }

  private static boolean quotes(String java, Path source) {
    try {
      List<String> lines = Files.readString(source).lines().map(String::strip).toList();
      return java.lines()
          .map(String::strip)
          .allMatch(line -> line.isEmpty() || line.equals("...") || lines.contains(line));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String compile(String type, String java) throws IOException {
    Path source = Files.writeString(temp.resolve(type + ".java"), java);
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    ToolProvider.getSystemJavaCompiler()
        .run(
            null,
            messages,
            messages,
            "-proc:none",
            "-d",
            temp.toString(),
            "-cp",
            System.getProperty("java.class.path"),
            source.toString());
    return messages.toString(StandardCharsets.UTF_8);
  }

  @Test
  void readmeIsShort() throws IOException {
    assertThat(Files.readAllLines(README).size()).isLessThanOrEqualTo(README_LINES);
  }
}
