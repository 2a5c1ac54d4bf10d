package io.leasehold.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.subject.Form;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {

    @TempDir
    private Path folder;

    @Test
    void noOptionIsTheRunOfANewcomer() {
        Options options = parse(Map.of());

        assertThat(options.bench()).isEqualTo("all");
        assertThat(options.form()).isEqualTo(Form.SHORT);
        assertThat(options.rounds()).isZero();
        assertThat(options.baseline()).isEmpty();
        assertThat(options.command()).isEqualTo("mvn -Pbench");
        assertThat(options.results()).isEqualTo(folder.resolve("target/report"));
    }

    @Test
    void theCommandHasWhatAnotherMachineNeeds() {
        assertThat(parse(Map.of("bench", "memory", "bench.time", "full", "bench.rounds", "5", "bench.dir", "/tmp"))
                        .command())
                .isEqualTo("mvn -Pbench '-Dbench=memory' -Dbench.time=full -Dbench.rounds=5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench.time | quick | unknown form: bench.time=quick; use ci, short or full",
                "bench.rounds | -1 | not a number of rounds: bench.rounds=-1, min=1, max=1000",
                "bench.rounds | 0 | not a number of rounds: bench.rounds=0, min=1, max=1000",
                "bench.rounds | many | not a number of rounds: bench.rounds=many, min=1, max=1000",
                "bench.rounds | 99999999999 | not a number of rounds: bench.rounds=99999999999",
                "bench.rounds | ' 5' | 'not a number of rounds: bench.rounds= 5, min=1, max=1000'",
                "bench.params | leak | not name=value pairs separated by commas: bench.params=leak",
                "bench.params | question= | not name=value pairs separated by commas: bench.params=question=",
                "bench.params | 'leak=simple,' | 'not name=value pairs separated by commas: bench.params=leak=simple,'",
                "bench.params | 'a=1,a=2' | 'parameter has two values: bench.params=a=1,a=2, name=a'",
                "bench.dir | /no/such/folder | not a folder: bench.dir=/no/such/folder",
                "bench.dir | /proc | no file can be made in a folder: bench.dir=/proc",
                "bench.results | /proc/version | not a folder that can be written: bench.results=/proc/version",
                "bench.baseline | nothing | not a folder of results: bench.baseline=",
                "bench | report | not a folder of results: bench.results=",
                "bench.rival | no.such.Allocator | no such allocator: name=no.such.Allocator",
                "bench.rival | java.lang.String | class is not an allocator: name=java.lang.String",
                "bench.rival | java/lang/String | no such allocator: name=java/lang/String",
                "bench.rival | io.netty.buffer.AbstractByteBufAllocator | allocator cannot be created: name=io.netty",
                "bench.rival | io.leasehold.bench.OptionsTest$Failing | allocator cannot be created: name=io.leasehold",
                "bench.rival | io.leasehold.bench.OptionsTest$NotClosing | allocator cannot be closed: cause=java.lang",
                "bench.rival | leased | not the name of a class: bench.rival=leased; name a class that is a ByteBufAl",
                "bench.rival | unpooled | not the name of a class: bench.rival=unpooled; name a class that is a ByteB",
                "bench.rival | observed | not the name of a class: bench.rival=observed; name a class that is a ByteB",
                "bench.rival.jar | rival.jar | a jar without a class: bench.rival.jar=rival.jar"
            })
    void aWrongValueIsOneSentence(String name, String value, String message) {
        assertThatThrownBy(() -> parse(Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aFolderOfOtherFilesIsNotReplaced() throws IOException {
        Path site = Files.createDirectory(folder.resolve("site"));
        assertThat(parse(Map.of("bench.results", "site")).results()).isEqualTo(site);
        Files.writeString(site.resolve("index.html"), "a page");
        assertThatThrownBy(() -> parse(Map.of("bench.results", "site")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("folder has other files than results: bench.results=" + site
                        + ", files=1, max=0; use an empty folder");

        Files.writeString(site.resolve("machine.json"), "{}");
        assertThat(parse(Map.of("bench.results", "site")).results()).isEqualTo(site);
    }

    @ParameterizedTest
    @CsvSource({
        "report, bench.params, leak=simple",
        "report, bench.rounds, 5",
        "report, bench.rival, a.B",
        "report, bench.dir, /tmp",
        "growth, bench.rounds, 5"
    })
    void anOptionWithoutMeaningIsRefused(String bench, String name, String value) {
        assertThatThrownBy(() -> parse(Map.of("bench", bench, name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("option has no meaning here: %s=%s, bench=%s; leave it out".formatted(name, value, bench));
    }

    @Test
    void aMissingJarIsReported() {
        assertThatThrownBy(() -> parse(Map.of("bench.rival", "a.B", "bench.rival.jar", "no.jar")))
                .hasMessageStartingWith("no such jar: bench.rival.jar=" + folder.resolve("no.jar"));
    }

    @Test
    void aFileThatIsNotAJarIsCalledThat() throws IOException {
        Path text = Files.writeString(folder.resolve("text.jar"), "text");
        for (Path path : List.of(text, folder)) {
            assertThatThrownBy(() -> parse(Map.of("bench.rival", "a.B", "bench.rival.jar", path.toString())))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("file is not a jar: bench.rival.jar=" + path);
        }
    }

    /// A class path would have two paths instead, of which none exists.
    @Test
    void aJarWithASeparatorInItsPathIsRefused() throws IOException {
        Path jar = Files.createFile(folder.resolve("a" + File.pathSeparator + "b.jar"));

        assertThatThrownBy(() -> parse(Map.of("bench.rival", "a.B", "bench.rival.jar", jar.toString())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("path of a jar has a separator of class paths: bench.rival.jar=" + jar + ", separator="
                        + File.pathSeparator + "; move the jar");
    }

    @Test
    void anOptionThatDoesNotExistIsReported() {
        assertThatThrownBy(() -> Options.parse(name -> "", Stream.of("-Pbench", "-Dbench.tiem=ci")))
                .hasMessageStartingWith("unknown option: bench.tiem; use one of [bench.baseline, bench.dir,");
        assertThat(Options.parse(
                        name -> "", Stream.of("-Dbench=page", "-Dbench.time=ci", "-Dother=1", "-D", "bench.dir=")))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-D bench.foo=1",
                "-D bench.foo",
                "--define bench.foo=1",
                "--define=bench.foo=1",
                "--def bench.foo=1",
                "-define bench.foo=1"
            })
    void eachFormOfAnOptionOfMavenIsChecked(String typed) {
        Stream<String> arguments = Stream.of(("-Pbench " + typed + " -q").split(" "));

        assertThatThrownBy(() -> Options.parse(name -> "", arguments))
                .hasMessageStartingWith("unknown option: bench.foo; use one of [bench.baseline,");
    }

    @Test
    void aParameterOrAValueThatNoBenchmarkHasIsReported() {
        Selection page = Selection.ofRegex("BufferBenchmark");

        assertThatThrownBy(() -> page.withParams(Map.of("sise", "1")))
                .hasMessageStartingWith("unknown parameter: bench.params=sise=1; the selected benchmarks have [alloc");
        assertThatThrownBy(() -> page.withParams(Map.of("leak", "some")))
                .hasMessage("unknown value: bench.params=leak=some; use one of [disabled, simple]");
        assertThatThrownBy(() -> page.withParams(Map.of("byteSize", "-1")))
                .hasMessageStartingWith("unknown value: bench.params=byteSize=-1, min=1, max=1048576; use a number");
        assertThatThrownBy(() -> page.withParams(Map.of("byteSize", "99999999999999999999")))
                .hasMessageStartingWith("unknown value: bench.params=byteSize=99999999999999999999, min=1,");
        assertThat(page.withParams(Map.of("byteSize", "100", "leak", "simple", "allocator", "leased"))
                        .countRuns())
                .isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource({"all, 5", "all, 0", "allocator, 0", "allocator, 9", "ring, 5"})
    void noRunOfTheShortFormIsTooShortForTheCompiler(String bench, int rounds) {
        Selection selection = Selection.ofGroups(Group.of(bench), Form.SHORT);
        JmhRun run = JmhRun.of(selection, Form.SHORT, rounds);

        assertThat(run.runSeconds()).isGreaterThan(1);
        long runs = run.rounds().stream().mapToInt(Selection::countRuns).sum();
        assertThat(run.expectedSeconds()).isBetween(runs * 19 / 10 - 1, runs * 6);
    }

    @Test
    void theCaseOfTheFirstScreenHasFiveRoundsInTheShortForm() {
        Selection all = Selection.ofGroups(List.of(Group.values()), Form.SHORT);

        assertThat(JmhRun.of(all, Form.SHORT, 0).rounds())
                .extracting(Selection::countRuns)
                .containsExactly(all.countRuns(), all.countRuns(), 3, 3, 3);
        assertThat(JmhRun.of(all, Form.SHORT, 3).rounds()).containsExactly(all, all, all);
        assertThat(JmhRun.of(all, Form.CI, 0).rounds()).containsExactly(all);
        assertThat(JmhRun.of(Selection.ofGroups(List.of(Group.ALLOCATOR), Form.SHORT), Form.SHORT, 0)
                        .rounds()
                        .getLast()
                        .countRuns())
                .isEqualTo(3);
        Selection pages = Selection.ofGroups(List.of(Group.PAGE), Form.SHORT);
        assertThat(JmhRun.of(pages, Form.SHORT, 0).rounds()).containsExactly(pages, pages);
    }

    /// An allocator whose constructor fails.
    public static final class Failing extends PooledByteBufAllocator {

        /// Fails.
        public Failing() {
            throw new IllegalStateException("on purpose");
        }
    }

    /// An allocator that cannot be closed.
    public static final class NotClosing extends PooledByteBufAllocator implements AutoCloseable {

        /// Has no parameters.
        public NotClosing() {
            super(true);
        }

        @Override
        public void close() {
            throw new IllegalArgumentException("on purpose");
        }
    }

    /// The build takes about thirty seconds more.
    @Test
    void allGroupsInTheShortFormTakeAboutSevenMinutesWithTheBuild() {
        List<Part> parts = Main.parts(parse(Map.of()));
        assertThat(parts).extracting(Part::title).containsExactly("JMH", "server", "memory");
        assertThat(parts.stream().mapToLong(Part::expectedSeconds).sum()).isLessThanOrEqualTo(400);
        assertThat(Main.expected(parts)).startsWith("6 min ").contains("JMH ", "server ", "memory ");
        assertThat(Main.parts(parse(Map.of("bench.time", "ci"))).stream()
                        .mapToLong(Part::expectedSeconds)
                        .sum())
                .isLessThanOrEqualTo(100);
    }

    @Test
    void aChosenQuestionRunsAlsoInAFormThatLeavesItsGroupOut() {
        assertThat(Main.parts(parse(Map.of("bench.params", "question=refusal"))))
                .extracting(Part::title)
                .contains("growth");
        assertThatThrownBy(() -> Main.parts(parse(Map.of("bench.params", "question=none"))))
                .hasMessageStartingWith("unknown question: id=none; use one of release-256,");
    }

    @Test
    void theCostOfObservationHasEnoughRoundsForVerdicts() {
        assertThat(Main.parts(parse(Map.of("bench", "observe"))))
                .extracting(Part::title)
                .containsExactly("JMH", "observe");
        Selection observe = Selection.ofGroups(List.of(Group.OBSERVE), Form.SHORT);
        assertThat(observe.passes())
                .singleElement()
                .satisfies(pass -> assertThat(pass.sides()).containsExactly("observed", "unobserved"));
        assertThat(JmhRun.of(observe, Form.SHORT, 0).rounds()).isEqualTo(Collections.nCopies(5, observe));
    }

    @Test
    void filesAreComparedInOneGroupOfAboutNineMinutes() {
        List<Part> parts = Main.parts(parse(Map.of("bench", "files")));
        assertThat(parts).extracting(Part::title).containsExactly("files", "files under wrk");
        assertThat(parts.stream().mapToLong(Part::expectedSeconds).sum()).isBetween(300L, 540L);
        assertThat(Main.parts(parse(Map.of("bench", "window"))))
                .extracting(Part::title)
                .containsExactly("JMH");
        assertThat(Main.parts(parse(Map.of("bench.time", "full"))))
                .extracting(Part::title)
                .contains("files", "files under wrk");
    }

    @Test
    void groupsAreKnownByName() {
        assertThat(Group.of("memory")).isEqualTo(List.of(Group.MEMORY));
        assertThat(Group.of("all")).containsExactlyElementsOf(EnumSet.complementOf(EnumSet.of(Group.OBSERVE)));
        assertThat(Group.of("Memory")).isEmpty();
        assertThatThrownBy(() -> Group.regex("[")).hasMessageStartingWith("no benchmark matches: bench=[; use one of");
    }

    private Options parse(Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        all.put("bench.root", folder.toString());
        return Options.parse(name -> all.getOrDefault(name, ""), Stream.of());
    }
}
