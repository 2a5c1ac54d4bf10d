package io.leasehold.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import io.leasehold.bench.jmh.Case;
import io.leasehold.bench.jmh.Questions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;

/// The rules of the architecture of this module: its layers, and what a benchmark must say.
final class HouseRulesTest {

    private static final int MAX_CODE_LINES = 280;
    private static final int MAX_COLUMNS = 120;
    private static final Path SOURCES = Path.of("src/main/java/io/leasehold/bench");
    private static final Path ALL_SOURCES = Path.of("src");
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("/test"))
            .importPackages("io.leasehold.bench");

    @Test
    void packagesAreInLayers() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("run")
                .definedBy("io.leasehold.bench")
                .layer("report")
                .definedBy("..bench.report..")
                .layer("jmh")
                .definedBy("..bench.jmh..")
                .layer("scenario")
                .definedBy("..bench.scenario..")
                .layer("process")
                .definedBy("..bench.process..")
                .layer("subject")
                .definedBy("..bench.subject..")
                .layer("result")
                .definedBy("..bench.result..")
                .whereLayer("run")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("report")
                .mayOnlyBeAccessedByLayers("run")
                .whereLayer("jmh")
                .mayOnlyBeAccessedByLayers("run")
                .whereLayer("scenario")
                .mayOnlyBeAccessedByLayers("run")
                .whereLayer("process")
                .mayOnlyBeAccessedByLayers("run", "scenario")
                .whereLayer("subject")
                .mayOnlyBeAccessedByLayers("run", "scenario", "process", "jmh")
                .check(CLASSES);
    }

    @Test
    void onlyOneClassKnowsTheChartLibraryAndOneTheTemplateEngine() {
        assertThat(CLASSES.stream()
                        .filter(type -> type.getDirectDependenciesFromSelf().stream()
                                .anyMatch(used -> used.getTargetClass()
                                        .getPackageName()
                                        .matches("org\\.knowm\\..*|io\\.pebbletemplates\\..*")))
                        .map(type -> type.getSimpleName()))
                .containsExactlyInAnyOrder("Charts", "Report");
    }

    @Test
    void everyBenchmarkHasAQuestionAndACase() throws IOException {
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/META-INF/BenchmarkList"))) {
            String list = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<String> names = Pattern.compile("io\\.leasehold\\.bench\\.jmh\\.(\\w+Benchmark)_")
                    .matcher(list)
                    .results()
                    .map(match -> match.group(1))
                    .filter(name -> !name.contains("jmhType"))
                    .distinct()
                    .toList();
            assertThat(Questions.classes()).extracting(Class::getSimpleName).containsAll(names);
        }
        for (Class<?> type : Questions.classes()) {
            assertThat(Questions.of(type).sentence()).isNotEmpty();
            List<String> methods =
                    Arrays.stream(type.getMethods()).map(each -> each.getName()).toList();
            assertThat(Arrays.stream(type.getMethods()).filter(each -> each.isAnnotationPresent(Benchmark.class)))
                    .isNotEmpty()
                    .allSatisfy(each -> assertThat(each.getAnnotation(Case.class))
                            .satisfies(named -> assertThat(named.baselineOf())
                                    .satisfiesAnyOf(
                                            of -> assertThat(of).isEmpty(),
                                            of -> assertThat(methods).contains(of))));
        }
    }

    @Test
    void filesAreShort() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                assertThat(Files.readAllLines(file).stream()
                                .filter(line -> !line.matches("\\s*(//.*|import .*|package .*)?")))
                        .as("lines of code in %s", file)
                        .hasSizeLessThanOrEqualTo(MAX_CODE_LINES);
            }
        }
    }

    @Test
    void linesAreShort() throws IOException {
        try (Stream<Path> files = Files.walk(ALL_SOURCES)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                assertThat(Files.readAllLines(file))
                        .as("lines in %s", file)
                        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(MAX_COLUMNS));
            }
        }
    }
}
