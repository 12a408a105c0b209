package mnist;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import mnist.app.Training;
import mnist.nn.Hyperparameters;
import mnist.runs.RunConfig;

/** What may depend on what. The Spark profile runs the same rules over the Spark programs too. */
@AnalyzeClasses(packages = "mnist", importOptions = ArchitectureTest.WithoutTests.class)
class ArchitectureTest {
  static final class WithoutTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/");
    }
  }

  /** From the bottom up: a package depends only on those before it. */
  private static final List<String> LAYERS =
      List.of(
          "mnist.platform",
          "mnist.console",
          "mnist.nn",
          "mnist.data",
          "mnist.data.sources",
          "mnist.training",
          "mnist.model",
          "mnist.images",
          "mnist.runs",
          "mnist.view",
          "mnist.web",
          "mnist.app",
          "mnist.spark");

  private static final String STAGES = "mnist";

  @ArchTest
  static void dependenciesPointDown(JavaClasses all) {
    for (int i = 0; i < LAYERS.size() - 1; i++) {
      noClasses()
          .that()
          .resideInAPackage(LAYERS.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(LAYERS.subList(i + 1, LAYERS.size()).toArray(String[]::new))
          .check(all);
    }
  }

  @ArchTest
  static void everyPackageHasALayer(JavaClasses all) {
    Set<String> packages = all.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
    packages.remove(STAGES);
    assertThat(LAYERS).containsAll(packages);
  }

  @ArchTest
  static final ArchRule networksKnowNoData =
      noClasses()
          .that()
          .resideInAPackage("mnist.nn")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("mnist.data..", "mnist.console");

  @ArchTest
  static final ArchRule stagesNeedOnlyNetworksAndTheTraining =
      classes()
          .that()
          .resideInAPackage(STAGES)
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(STAGES, "mnist.nn", "mnist.training", "java..", "org.tensorflow..")
                  .or(type(Training.class)));

  @ArchTest
  static final ArchRule stagesAreFoundByNumber =
      noClasses()
          .that()
          .resideOutsideOfPackage(STAGES)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(STAGES)
                  .and(describe("are not Stages", found -> !found.isEquivalentTo(Stages.class))));

  @ArchTest
  static final ArchRule onlyProgramsStartFromStages =
      noClasses()
          .that()
          .resideOutsideOfPackages(STAGES, "mnist.app", "mnist.spark")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(STAGES);

  @ArchTest
  static final ArchRule onlyTheWebServerKnowsJavalin =
      noClasses()
          .that()
          .resideOutsideOfPackage("mnist.web")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.javalin..", "jakarta.servlet..");

  @ArchTest
  static final ArchRule onlyProgramsParseOptions =
      noClasses()
          .that()
          .resideOutsideOfPackages("mnist.app", "mnist.spark", "mnist.console", "mnist.platform")
          .and(
              not(
                  type(Hyperparameters.class)
                      .or(type(RunConfig.class)))) // an option and its help in one place
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..");

  @ArchTest
  static final ArchRule onlyProgramsWriteToTheTerminal =
      noClasses()
          .that()
          .resideOutsideOfPackages("mnist.app", "mnist.spark", "mnist.console", "mnist.platform")
          .should(ACCESS_STANDARD_STREAMS);

  @ArchTest
  static final ArchRule onlyProgramsEndTheProcess =
      noClasses()
          .should()
          .callMethodWhere(
              describe("System.exit outside of a program", call -> isExit(call) && !inMain(call)));

  private static boolean isExit(JavaMethodCall call) {
    return call.getTargetOwner().isEquivalentTo(System.class) && call.getName().equals("exit")
        || call.getTargetOwner().isEquivalentTo(Runtime.class)
            && List.of("exit", "halt").contains(call.getName());
  }

  private static boolean inMain(JavaMethodCall call) {
    return call.getOriginOwner().getMethods().stream()
        .anyMatch(method -> method.getName().equals("main"));
  }

  /** Formats need no locale: that of the programs is always {@code Locale.ROOT}. */
  @ArchTest
  static final ArchRule capitalsDoNotDependOnTheLocale =
      noClasses()
          .should()
          .callMethod(String.class, "toLowerCase")
          .orShould()
          .callMethod(String.class, "toUpperCase");

  @ArchTest
  static final ArchRule nothingStaticIsMutable =
      fields()
          .that()
          .areStatic()
          .and() // a Spark executor loads its model once; Spark offers no other place for it
          .areDeclaredInClassesThat(not(nameMatching("mnist\\.spark\\.ModelFiles")))
          .should()
          .beFinal();

  @ArchTest
  static final ArchRule namesSayWhatAClassIs =
      noClasses().should().haveNameMatching(".*(Utils?|Manager|Helper)");
}
