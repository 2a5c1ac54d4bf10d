package io.leasehold.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.agent.AgentJar;
import io.leasehold.interop.InteropRun.Crypto;
import io.leasehold.interop.InteropRun.Plan;
import io.leasehold.interop.InteropRun.Way;
import io.leasehold.interop.InteropTable.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

/// Real servers and clients run on our allocator, each in a JVM of its own: contents are right on both sides, no buffer
/// leaks, all buffers are released, the memory goes back, and our allocator served the buffers.
///
/// `mvn` runs three of them, and `mvn -Psoak` all. What cannot be resolved is skipped and says so.
class InteropTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int REQUESTS = SOAK ? 20_000 : 200;
    private static final int VERTX_REQUESTS = SOAK ? 100_000 : 200;
    private static final long LIMIT_SECONDS = SOAK ? 1_800 : 600;

    /// The program of Vert.x sends one frame of a websocket for this number of requests.
    private static final int REQUESTS_A_FRAME = 10;

    /// Buffers that a test drops, and the bytes of one. Few requests show it.
    private static final int DROPPED = 3;

    private static final int DROPPED_BYTES = 1 << 10;
    private static final int FEW_REQUESTS = 20;

    /// Requests beside an agent of another vendor.
    private static final int SOME_REQUESTS = 2_000;

    /// Options of the JVMs. A short run ends before the optimising compiler has a use.
    private static final List<String> JVM = SOAK ? List.of() : List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    /// The one server to run in all its ways, or null.
    private static final String ONLY = System.getProperty("interop");

    /// The option that starts our agent.
    private static final String OURS = "-javaagent:" + AgentJar.path();

    /// The module with agents of other vendors, and what they print about themselves.
    private static final String OTHER_AGENTS = "agents";

    private static final String OPENTELEMETRY = "otel.javaagent";

    /// Class paths, class files and logs.
    private static final Path FOLDER = Path.of("target/interop");

    /// Free blocks and empty slabs that an allocator keeps, and the tables of its heaps.
    private static final long KEPT_BYTES = 6 << 20;

    /// Some code of each framework allocates from `ByteBufAllocator.DEFAULT` or `Unpooled` itself.
    private static final double MIN_PERCENT = 70;

    private static final InteropClassPaths CLASS_PATHS = new InteropClassPaths(FOLDER);
    private static final InteropTable TABLE = new InteropTable(FOLDER.resolve("table.md"));
    private static final List<String> ROWS = new ArrayList<>();
    private static Path keyStore;

    @BeforeAll
    static void resolve() throws IOException, InterruptedException {
        Files.createDirectories(FOLDER);
        Stream<String> modules = plans().map(plan -> plan.server().module()).distinct();
        CLASS_PATHS.resolve(Stream.concat(modules, SOAK ? Stream.of(OTHER_AGENTS) : Stream.of())
                .toList());
        keyStore = TestKey.make(FOLDER).file();
    }

    static Stream<Plan> plans() {
        if (!SOAK && ONLY == null) {
            return Stream.of(
                    plan("reactor", Way.OPTION, Crypto.JDK),
                    plan("grpc", Way.OPTION, Crypto.NONE),
                    plan("vertx", Way.AGENT, Crypto.NONE));
        }
        return InteropServer.ALL.stream()
                .filter(server -> ONLY == null || server.module().equals(ONLY))
                .flatMap(server -> Stream.of(Way.OPTION, Way.AGENT)
                        .filter(way -> way == Way.AGENT || server.hasOption())
                        .flatMap(way -> cryptos(server).map(tls -> plan(server.module(), way, tls))));
    }

    private static Stream<Crypto> cryptos(InteropServer server) {
        return Stream.of(Crypto.values()).filter(tls -> server.isBoring() || tls != Crypto.BORINGSSL);
    }

    private static Plan plan(String module, Way way, Crypto tls) {
        InteropServer server = InteropServer.ALL.stream()
                .filter(each -> each.module().equals(module))
                .findFirst()
                .orElseThrow();
        return new Plan(server, way, tls, isVertx(server) ? VERTX_REQUESTS : REQUESTS);
    }

    private static boolean isVertx(InteropServer server) {
        return server.sources().equals("vertx");
    }

    @ParameterizedTest
    @MethodSource("plans")
    void serverIsServed(Plan plan) throws IOException, InterruptedException {
        InteropRun run = null;
        Result result = Result.FAILED;
        try {
            run = run(plan, FOLDER);
            check(plan, run);
            result = Result.PASSED;
        } catch (TestAbortedException e) {
            result = Result.SKIPPED;
            throw e;
        } finally {
            ROWS.add(TABLE.put(plan, run, result));
        }
    }

    private static void check(Plan plan, InteropRun run) throws IOException {
        String output = run.values().get("output");
        assertThat(run.values().get("netty")).as(output).isEqualTo(plan.server().statedVersion());
        assertThat(run.number("requests")).as(output).isGreaterThanOrEqualTo(plan.requests());
        if (isVertx(plan.server())) {
            assertThat(run.number("frames")).as(output).isGreaterThanOrEqualTo(plan.requests() / REQUESTS_A_FRAME);
        }
        assertThat(run.number("wrong")).as(output).isZero();
        assertThat(run.number("leaks")).as(output).isZero();
        assertThat(run.number("pinnedBytes")).as(output).isZero();
        assertThat(run.number("peakPinnedBytes")).as(output).isPositive();
        assertThat(run.number("heldBytes")).as(output).isLessThanOrEqualTo(KEPT_BYTES);
        assertThat(run.percentOurs()).as(output).isGreaterThanOrEqualTo(MIN_PERCENT);
    }

    static Stream<Plan> plansWithDroppedBuffers() {
        return Stream.of(Way.OPTION, Way.AGENT)
                .flatMap(way -> plans().filter(plan -> plan.way() == way).limit(1))
                .map(plan -> new Plan(plan.server(), plan.way(), plan.tls(), FEW_REQUESTS));
    }

    /// Shows that the other test finds leaks.
    @ParameterizedTest
    @MethodSource("plansWithDroppedBuffers")
    void buffersThatTheProgramDropsAreFound(Plan plan) throws IOException, InterruptedException {
        InteropRun run = run(
                plan,
                Files.createDirectories(FOLDER.resolve("dropped")),
                "-Dinterop.dropped=" + DROPPED,
                "-Dinterop.droppedBytes=" + DROPPED_BYTES);
        String output = run.values().get("output");
        assertThat(run.number("leaks")).as(output).isPositive();
        assertThat(run.number("pinnedBytes")).as(output).isGreaterThanOrEqualTo(DROPPED * DROPPED_BYTES);
    }

    /// Shows that the counts of the other test can be wrong.
    @Test
    @Tag("soak")
    void serverWithoutOurAllocatorIsNotServedByIt() throws IOException, InterruptedException {
        InteropRun run = run(plan("grpc", Way.NONE, Crypto.NONE), FOLDER);
        assertThat(run.number("ours")).isZero();
        assertThat(run.number("others")).isPositive();
    }

    /// OpenTelemetry's agent changes classes of Netty and of the server, and JaCoCo's agent every class of the
    /// program.
    @ParameterizedTest
    @CsvSource({"opentelemetry,true", "opentelemetry,false", "jacoco,true", "jacoco,false"})
    @Tag("soak")
    void serverIsServedBesideAnAgentOfAnotherVendor(String other, boolean isFirst)
            throws IOException, InterruptedException {
        assumeTrue(ONLY == null || ONLY.equals("grpc"), "another server is tested: interop=" + ONLY);
        Plan plan = new Plan(plan("grpc", Way.AGENT, Crypto.JDK).server(), Way.AGENT, Crypto.JDK, SOME_REQUESTS);
        Path folder = Files.createDirectories(FOLDER.resolve(other + (isFirst ? "-first" : "-last")));
        String jar = jars(OTHER_AGENTS).stream()
                .map(Path::toString)
                .filter(path -> path.contains(other))
                .findFirst()
                .orElseThrow();
        boolean isTelemetry = other.equals("opentelemetry");
        String argument = isTelemetry ? "" : "=destfile=" + folder.resolve("jacoco.exec");
        List<String> agents = new ArrayList<>(List.of(OURS));
        agents.add(isFirst ? 0 : 1, "-javaagent:" + jar + argument);
        List<String> options = new ArrayList<>(JVM);
        for (String signal : List.of("traces", "metrics", "logs")) {
            options.add("-Dotel." + signal + ".exporter=none");
        }
        options.addAll(agents);

        InteropRun run = InteropRun.of(plan, folder, jars(plan.server().module()), keyStore, options, LIMIT_SECONDS);
        check(plan, run);
        String output = run.values().get("output");
        assertThat(output.contains(OPENTELEMETRY)).as(output).isEqualTo(isTelemetry);
    }

    private static InteropRun run(Plan plan, Path folder, String... properties)
            throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(JVM);
        options.addAll(List.of(properties));
        if (plan.way() == Way.AGENT) {
            options.add(OURS);
        }
        return InteropRun.of(plan, folder, jars(plan.server().module()), keyStore, options, LIMIT_SECONDS);
    }

    private static List<Path> jars(String module) throws IOException {
        List<Path> jars = CLASS_PATHS.of(module).orElse(null);
        if (jars == null) {
            System.out.println("interoperability: SKIPPED " + module + ", since its class path was not resolved");
        }
        assumeTrue(jars != null, "the class path was not resolved: module=" + module);
        return jars;
    }

    @AfterAll
    static void printRows() {
        ROWS.forEach(System.out::println);
        System.out.println("interoperability: all rows are in " + FOLDER.resolve("table.md"));
    }
}
