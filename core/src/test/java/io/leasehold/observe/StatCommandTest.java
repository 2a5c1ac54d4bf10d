package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.leasehold.observe.counters.CounterFile;
import io.leasehold.observe.counters.CounterSnapshot;
import io.leasehold.observe.counters.CounterType;
import io.leasehold.os.ForkedJvm;
import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class StatCommandTest {

    private static final String HELD = "pinned 409,600 B in 100 buffers";
    private static final String HOARDER = "holder hoarder: 286,720 B";

    private static final int CORRUPT_FILES = 300;

    /// Each buffer of the program is sampled.
    private static final String STACK = "about 409,600 B at ";

    @TempDir
    Path temporary;

    private final List<Process> processes = new ArrayList<>();

    /// The end of a call.
    private record Shown(int code, String out, String err) {}

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aLiveProcessIsShown() throws IOException {
        Process process = start("idle");
        awaitTable(process);
        Shown shown = stat(Long.toString(process.pid()));
        assertThat(shown.code).isZero();
        assertThat(shown.out.replaceAll("\\d+\\.\\d s", "0.0 s"))
                .startsWith("process " + process.pid() + ", runs, last change 0.0 s ago")
                .contains("web: limit 67,108,864 B, committed ", HELD)
                .containsPattern("refusals 0, reclaims \\d+, decommits \\d+, kernel faults 0")
                .containsPattern(" 4,096 +100 +[0-9,]+")
                .contains("  holder hoarder: 286,720 B", "  holder web: 122,880 B")
                .contains("  about 409,600 B at " + CountedProgram.class.getName() + ".main(CountedProgram.java:");
        assertThat(shown.err).isEmpty();
    }

    @Test
    void anAllocatorIsTheHolderOfWhatNoTagHolds() throws IOException {
        Process process = start("untagged");
        awaitTable(process, "holder web: 409,600 B");
    }

    @Test
    void anAllocatorWithoutDecayIsShown() throws IOException {
        awaitTable(start("kept"));
    }

    @Test
    void theOnlyProcessNeedsNoNumber() throws IOException {
        Process process = start("idle");
        awaitTable(process);
        assertThat(stat()).returns(0, Shown::code).returns("", Shown::err);
        assertThat(stat().out).startsWith("process " + process.pid() + ", runs").contains(HELD);
    }

    @Test
    void aBusyProcessIsShownAsItChanges() throws IOException {
        Process process = start("busy");
        awaitTable(process, "32,768");
        Shown first = stat(Long.toString(process.pid()));
        assertThat(first.code).isZero();
        Path file = folder().resolve(Long.toString(process.pid()));
        long heartbeat = heartbeat(file);
        Eventually.holds("a later heartbeat", () -> heartbeat(file) > heartbeat);
        assertThat(stat(Long.toString(process.pid())).code).isZero();
    }

    private static long heartbeat(Path file) {
        try {
            return CounterSnapshot.read(file).heartbeatMillis();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aKilledProcessLeavesItsLastNumbers() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        process.destroyForcibly().waitFor();
        Shown shown = stat(Long.toString(process.pid()));
        assertThat(shown.code).isZero();
        assertThat(shown.out)
                .startsWith("process " + process.pid() + ", ended, ")
                .contains(HELD);
        assertThat(stat().out).startsWith("process " + process.pid() + ", ended, ");
    }

    @Test
    void aProcessThatClosedItsAllocatorShowsNone() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        process.getOutputStream().close();
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(stat(Long.toString(process.pid())).out).contains("ended", "no allocator is open");
    }

    @Test
    void watchingEndsWithTheProcess() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        int prints = 3;
        ByteArrayOutputStream out = new ByteArrayOutputStream() {
            private int flushes; // one after each print

            @Override
            public void flush() {
                if (++flushes == prints) {
                    process.destroyForcibly().onExit().join();
                }
            }
        };
        int code = StatCommand.run(
                new String[] {Long.toString(process.pid()), "--watch", "--folder=" + folder()},
                new PrintStream(out, false, StandardCharsets.UTF_8),
                System.err);
        assertThat(code).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8).lines().filter(line -> line.contains(HELD)))
                .hasSize(prints);
    }

    @Test
    void aFullFileIsNamed() throws IOException {
        CounterFile file = CounterFile.create(folder());
        int last = file.allocate(CounterType.ALLOCATOR.number(), 1, 0, "web");
        for (int next = last; next != CounterFile.NONE; next = file.allocate(1, 1, 0, "other")) {
            last = next;
        }
        String pid = Long.toString(ProcessHandle.current().pid());
        assertThat(stat(pid).out)
                .contains("counter file is full, numbers may be missing: counters=512, max=512")
                .contains("web: limit ");
        assertThat(new ObjectMapper()
                        .readTree(stat(pid, "--json").out)
                        .get("full")
                        .asBoolean())
                .isTrue();

        file.free(last);
        assertThat(stat(pid).out).doesNotContain("full").contains("web: limit ");
        assertThat(new ObjectMapper()
                        .readTree(stat(pid, "--json").out)
                        .get("full")
                        .asBoolean())
                .isFalse();
    }

    @Test
    void jsonHasTheSameNumbers() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        var json = new ObjectMapper().readTree(stat(Long.toString(process.pid()), "--json").out);
        assertThat(json.get("pid").asLong()).isEqualTo(process.pid());
        assertThat(json.get("alive").asBoolean()).isTrue();
        var web = json.get("allocators").get(0);
        assertThat(web.get("name").asText()).isEqualTo("web");
        assertThat(web.get("pinnedBytes").asLong()).isEqualTo(CountedProgram.BUFFERS * CountedProgram.BYTES);
        assertThat(web.get("kernelFaults").asLong()).isZero();
        assertThat(web.get("holders").get(0).get("tag").asText()).isEqualTo("hoarder");
        assertThat(web.get("holders").get(0).get("bytes").asLong()).isEqualTo(286_720);
        assertThat(web.get("stacks").get(0).get("stack").asText())
                .startsWith(CountedProgram.class.getName() + ".main(");
        assertThat(web.get("stacks").get(0).get("bytes").asLong()).isEqualTo(409_600);
        assertThat(web.get("classes").get(0).get("blockBytes").asInt()).isEqualTo(CountedProgram.BYTES);
    }

    @Test
    void collapsedStacksHaveTheAllocatorAsRoot() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        assertThat(stat(Long.toString(process.pid()), "--collapsed").out.lines())
                .singleElement(STRING)
                .startsWith("web;")
                .endsWith(CountedProgram.class.getName() + ".main 409600");
    }

    @Test
    void profileNamesTheAllocatorAndTheStack() throws Exception {
        Process process = start("idle");
        awaitTable(process);
        Path path = temporary.resolve("web.pb.gz");
        assertThat(stat(Long.toString(process.pid()), "--pprof=" + path).out)
                .isEqualTo("profile written: path=" + path + System.lineSeparator());
        PprofReader read = PprofReader.read(Files.readAllBytes(path));
        assertThat(read.defaultType).isEqualTo("inuse_space");
        assertThat(read.rows).singleElement().satisfies(row -> {
            assertThat(row.values()).containsExactly(0L, 409_600L, 0L, 0L);
            assertThat(row.functions()).first(STRING).isEqualTo(CountedProgram.class.getName() + ".main");
            assertThat(row.labels()).containsEntry("source", "web");
        });
        Path nowhere = temporary.resolve("none").resolve("web.pb.gz");
        assertThat(stat(Long.toString(process.pid()), "--pprof=" + nowhere))
                .isEqualTo(unreadable("profile cannot be written: path=" + nowhere
                        + ", cause=java.nio.file.NoSuchFileException: " + nowhere));
    }

    @Test
    void outputThatIsClosedEndsTheCommand() throws IOException {
        Process process = start("idle");
        awaitTable(process);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("planned");
            }
        };
        String[] arguments = {Long.toString(process.pid()), "--watch", "--folder=" + folder()};
        int code = StatCommand.run(
                arguments,
                new PrintStream(closed, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("the output cannot be written: it was closed, or its disk is full" + System.lineSeparator());
    }

    @Test
    void argumentsThatMakeNoSenseAreNamed() {
        assertThat(stat("web")).isEqualTo(wrong("not the number of a process: argument=web"));
        assertThat(stat("0")).isEqualTo(wrong("not the number of a process: argument=0, min=1"));
        assertThat(stat("99999999999999999999"))
                .isEqualTo(wrong("not the number of a process: argument=99999999999999999999"));
        assertThat(stat("--jsn")).isEqualTo(wrong("argument is not known: argument=--jsn"));
        assertThat(stat("1", "--json", "--collapsed")).isEqualTo(wrong("--collapsed excludes --json"));
        assertThat(stat("1", "2")).isEqualTo(wrong("argument is not known: argument=2"));
        assertThat(stat("--watch")).isEqualTo(wrong("--watch needs the number of a process"));
        assertThat(stat("--pprof=f")).isEqualTo(wrong("--pprof=f needs the number of a process"));
        assertThat(stat("1", "--pprof=")).isEqualTo(wrong("a path is missing: argument=--pprof="));
        assertThat(stat("1", "--pprof=f", "--json")).isEqualTo(wrong("--json excludes --pprof=f"));
        assertThat(stat("1", "--pprof=f", "--watch")).isEqualTo(wrong("--pprof=f excludes --watch"));
        assertThat(stat("--folder=\0")).isEqualTo(wrong("not a path: argument=--folder=\0"));
    }

    private static Shown wrong(String sentence) {
        return new Shown(
                2,
                "",
                sentence + "; usage: stat [pid] [--json | --collapsed | --pprof=FILE] [--watch] [--folder=PATH]"
                        + System.lineSeparator());
    }

    @Test
    void filesThatCannotBeReadEndWithOneSentence() throws IOException {
        assertThat(stat()).isEqualTo(unreadable("no process of this user has a counter file: folder=" + folder()));
        Path path = folder().resolve("4711");
        assertThat(stat("4711")).isEqualTo(unreadable("there is no counter file: path=" + path));
        Files.createDirectory(folder());
        Files.createDirectory(path);
        assertThat(stat("4711")).isEqualTo(unreadable("not a regular file: path=" + path));
        Files.delete(path);
        Files.writeString(path, "this is no counter file".repeat(1000));
        assertThat(stat("4711"))
                .isEqualTo(unreadable("not a counter file, or of a machine with another byte order: path=" + path));
        Path own = CounterFile.create(
                        Files.createDirectory(temporary.resolve("x")).resolve("own"))
                .path();
        Files.write(path, Files.readAllBytes(own));
        assertThat(stat("4711"))
                .isEqualTo(unreadable("counter file is of another process: path=" + path + ", pid="
                        + ProcessHandle.current().pid() + ", expected=4711"));
        CounterFileTest.change(path, 0, Integer.BYTES, 9);
        assertThat(stat("4711"))
                .isEqualTo(unreadable("counter file is of a newer version of the library: path=" + path
                        + ", version=9, min=1, max=1; use the stat command of that version"));
        CounterFileTest.change(path, 0, Integer.BYTES, -1);
        assertThat(stat("4711"))
                .isEqualTo(unreadable("counter file is of an older version of the library: path=" + path
                        + ", version=-1, min=1, max=1; use the stat command of that version"));
        CounterFileTest.change(path, 0, Integer.BYTES, 1);
        CounterFileTest.change(path, 40, Integer.BYTES, 77);
        assertThat(stat("4711"))
                .isEqualTo(unreadable(
                        "counter file is corrupt: path=" + path + ", metadataLength=77, valuesLength=65536"));
    }

    /// To open a pipe would wait for a writer without end.
    @Test
    @Timeout(60)
    void aLinkAndAPipeAreRefusedAndAreNotOpened() throws Exception {
        Path link = Files.createDirectory(folder()).resolve("4711");
        Files.createSymbolicLink(link, temporary);
        assertThat(stat("4711")).isEqualTo(unreadable("not a regular file: path=" + link));
        Path pipe = folder().resolve("4712");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertThat(stat("4712")).isEqualTo(unreadable("not a regular file: path=" + pipe));
    }

    @Test
    void anyCorruptFileIsShownOrRefusedInOneSentence() throws IOException {
        CounterFile file = CounterFile.create(folder());
        int owner = 1;
        for (CounterType type : CounterType.values()) {
            file.set(file.allocate(type.number(), owner, 4096, "web: " + type.label()), 1_000_000);
        }
        byte[] good = Files.readAllBytes(file.path());
        String pid = Long.toString(ProcessHandle.current().pid());
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < CORRUPT_FILES; i++) {
            byte[] bad = good.clone();
            for (int j = random.nextInt(4); j >= 0; j--) {
                int at = switch (random.nextInt(3)) {
                    case 0 -> random.nextInt(48); // the header
                    case 1 -> 4096 + random.nextInt(CounterType.values().length * 512); // labels
                    default -> 4096 + 512 * 512 + random.nextInt(CounterType.values().length * 128); // values
                };
                bad[at] = (byte) random.nextInt();
            }
            Files.write(file.path(), random.nextInt(8) == 0 ? Arrays.copyOf(bad, random.nextInt(bad.length)) : bad);
            for (Shown shown : List.of(stat(pid), stat(), stat(pid, "--json"))) {
                assertThat(shown.code)
                        .as("seed %d, file %d: %s", seed, i, shown)
                        .isIn(0, 1);
                assertThat(shown.err.lines().count())
                        .as("seed %d, file %d: %s", seed, i, shown)
                        .isLessThanOrEqualTo(2);
                if (shown.out.startsWith("{")) {
                    assertThat(new ObjectMapper().readTree(shown.out).isObject())
                            .isTrue();
                }
            }
        }
    }

    /// An application server may run applications with several versions of the library.
    @Test
    void aCopyOfAnotherVersionDoesNotHideTheOthers() throws IOException {
        CounterFile first = CounterFile.create(folder());
        CounterFile second = CounterFile.create(folder());
        first.allocate(1000, 1, 0, "web");
        CounterFileTest.change(second.path(), 0, Integer.BYTES, 9);
        Shown shown = stat(Long.toString(ProcessHandle.current().pid()));
        assertThat(shown.code).isZero();
        assertThat(shown.out).contains("web: limit ");
        assertThat(shown.err)
                .startsWith("counter file is of a newer version of the library: path=" + second.path())
                .hasLineCount(1);
        CounterFileTest.change(first.path(), 0, Integer.BYTES, 9);
        assertThat(stat(Long.toString(ProcessHandle.current().pid())))
                .returns(1, Shown::code)
                .returns("", Shown::out);
    }

    private static Shown unreadable(String sentence) {
        return new Shown(1, "", sentence + System.lineSeparator());
    }

    private Path folder() {
        return temporary.resolve("leasehold-tester");
    }

    private Shown stat(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] all = Stream.concat(Arrays.stream(arguments), Stream.of("--folder=" + folder()))
                .toArray(String[]::new);
        int code = StatCommand.run(
                all,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Shown(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private void awaitTable(Process process) {
        awaitTable(process, HELD);
        awaitTable(process, HOARDER);
        awaitTable(process, STACK);
    }

    private void awaitTable(Process process, String text) {
        Eventually.holds("stat shows " + text, () -> {
            assertThat(process.isAlive()).isTrue();
            return stat(Long.toString(process.pid())).out.contains(text);
        });
    }

    private Process start(String mode) throws IOException {
        String classPath = Stream.of(CountedProgram.class, StatCommand.class, ByteBuf.class, ReferenceCounted.class)
                .map(ForkedJvm::rootOf)
                .map(Path::toString)
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dio.leasehold.profile.sampleBytes=1",
                        "-Djava.io.tmpdir=" + temporary,
                        "-Duser.name=tester",
                        "-cp",
                        classPath,
                        CountedProgram.class.getName(),
                        mode)
                .redirectErrorStream(true)
                .redirectOutput(temporary.resolve("output.txt").toFile())
                .start();
        processes.add(process);
        return process;
    }
}
