package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.FacadeHeap;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// All copies of Netty in a process are served, and one budget limits them.
@Tag("os")
@Timeout(300)
class AgentCopiesTest {

    /// A JVM that waits most of its time for the collector, beside those of the other tests.
    private static CompletableFuture<ForkedProgram> dropped;

    /// Netty 4.2.20 leaves a listener in the flight recorder, which holds the class loader, so its events are off.
    @BeforeAll
    static void start() {
        dropped = ForkedProgram.start(() -> AgentRun.of(DroppedCopiesProgram.class)
                .with("-Dio.netty.jfr.enabled=false", "-Dshaded.io.netty.jfr.enabled=false")
                .withAgent("budget=16m")
                .run());
    }

    @AfterAll
    static void end() {
        dropped.handle((run, failure) -> run).join();
    }

    @Test
    void copiesInOtherClassLoadersAndRelocatedCopiesShareOneBudget() throws Exception {
        assertServedFromOneBudget(
                AgentRun.of(CopiesProgram.class).withAgent("budget=16m").run());
    }

    @Test
    void copiesShareOneBudgetInAProgramThatBringsItsOwnLeasehold(@TempDir Path folder) throws Exception {
        Path root = AgentJar.rootOf(FacadeHeap.class);
        try (Stream<Path> files = Files.walk(root.resolve("io/leasehold"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path name = root.relativize(file);
                if (!name.startsWith("io/leasehold/agent")) { // the jar of the library does not have this package
                    Path to = folder.resolve(name);
                    Files.createDirectories(Objects.requireNonNull(to.getParent()));
                    Files.copy(file, to);
                }
            }
        }
        assertServedFromOneBudget(AgentRun.of(CopiesProgram.class)
                .with("--enable-native-access=ALL-UNNAMED")
                .withClassPath(folder)
                .withAgent("budget=16m")
                .run());
    }

    /// The memory of a copy goes with its class loader, and its bytes go back to the budget of all copies.
    @Test
    void copiesInDroppedClassLoadersLeaveNothing() {
        ForkedProgram run = dropped.join();
        assertThat(run.exitCode()).as("%s", run).isZero();
        for (String application : new String[] {"a", "b", "c", "d"}) {
            assertThat(run.value("application." + application)).as("%s", run).isEqualTo("allocated");
            assertThat(run.value("left." + application)).as("%s", run).isEqualTo("0");
        }
    }

    private static void assertServedFromOneBudget(ForkedProgram run) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        for (String copy : new String[] {"plain", "relocated", "other"}) {
            assertThat(run.value(copy + ".direct")).as("%s", run).isEqualTo("LeasedByteBuf");
            assertThat(run.value(copy + ".isOwn")).as("%s", run).isEqualTo("truetrue");
        }
        assertThat(run.value("relocatedWhilePlainHolds")).as("%s", run).isEqualTo("refused");
        assertThat(run.value("otherWhilePlainHolds")).as("%s", run).isEqualTo("refused");
        assertThat(run.value("relocatedAfterwards")).as("%s", run).isEqualTo("allocated");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
    }
}
