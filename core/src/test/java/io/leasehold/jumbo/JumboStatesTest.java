package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import io.leasehold.lease.StateTable;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The table in `package-info` is correct: every call in every state of a page is tried, and a call that throws changes
/// nothing.
class JumboStatesTest {

    private static final Path SOURCE = ProjectFiles.core("src/main/java/io/leasehold/jumbo/package-info.java");

    /// A call, by its name in the table; it returns what it did if it does not throw.
    private interface Call {
        String run(JumboPool<JumboView> pool, long handle, long target);
    }

    private record Named(String row, Call call) {}

    private static final List<Named> CALLS = List.of(
            new Named("address", (pool, handle, target) -> {
                assertThat(pool.address(handle)).isEqualTo(pool.object(handle).address);
                return "value";
            }),
            new Named("free", (pool, handle, target) -> {
                long returned = pool.stats().traffic().freedReturned()
                        + pool.stats().traffic().freedFlipped();
                pool.free(handle);
                JumboStats.Traffic after = pool.stats().traffic();
                return after.freedReturned() + after.freedFlipped() > returned ? "frees" : "defers";
            }),
            new Named("arm", (pool, handle, target) -> {
                pool.arm(handle);
                return "arms";
            }),
            new Named("receive", (pool, handle, target) -> {
                pool.receive(handle);
                return "leases";
            }),
            new Named("hold", (pool, handle, target) -> {
                pool.hold(handle);
                return "holds";
            }),
            new Named("unhold", (pool, handle, target) -> {
                pool.unhold(handle);
                return "unholds";
            }),
            new Named("steal", (pool, handle, target) -> {
                assertThat(pool.exchange().steal(handle)).isNotEqualTo(handle).isNotNegative();
                return "steals";
            }),
            new Named(
                    "flip",
                    (pool, handle, target) ->
                            pool.exchange().flip(handle, 0, 4096, target) == PageExchange.COPIED ? "copies" : "flips"),
            new Named("adopt", (pool, handle, target) -> {
                pool.exchange().adopt(handle);
                return "adopts";
            }));

    /// {@return a handle in the situation that a row of the table names}
    private static long handle(String state, JumboFixture fixture, JumboFixture other, long target) {
        JumboPool<JumboView> pool = fixture.pool();
        long handle = pool.tryAllocate();
        switch (state) {
            case "LEASED" -> {}
            case "ARMED" -> pool.arm(handle);
            case "HELD" -> pool.hold(handle);
            case "FLIPPED" ->
                assertThat(pool.exchange().flip(handle, 0, 4096, target)).isNotNegative();
            case "CONSUMER" -> {
                return pool.exchange().flip(handle, 0, 4096, target);
            }
            case "STOLEN" -> {
                return pool.exchange().steal(handle);
            }
            case "OLD HANDLE" -> assertThat(pool.exchange().steal(handle)).isNotNegative();
            case "DEFERRED_FREE" -> {
                pool.hold(handle);
                pool.free(handle);
            }
            case "FREED" -> pool.free(handle);
            case "RECYCLED" -> {
                pool.free(handle);
                assertThat(pool.tryAllocate()).isNotNegative();
            }
            case "REMOVED" -> {
                pool.free(handle);
                assertThat(pool.trim()).isPositive();
            }
            case "FOREIGN" -> {
                return other.pool().tryAllocate();
            }
            case "POOL CLOSED" -> assertThat(pool.closeForcibly()).isOne();
            default -> throw new AssertionError("unknown state: " + state);
        }
        return handle;
    }

    @Test
    void tableHasEveryCall() throws IOException {
        assertThat(table().columns())
                .containsExactlyElementsOf(CALLS.stream().map(Named::row).toList());
        assertThat(table().rows()).hasSize(13);
    }

    /// A page that was freed is FREE in a magazine, in the queue of its owner shard, and in its slab.
    @Test
    void freedPageIsFreeWhereverItIs() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 1)) {
            JumboPool<JumboView> pool = fixture.pool();
            long kept = pool.tryAllocate();
            long magazine = pool.tryAllocate();
            long queue = pool.tryAllocate();
            assertThat(pool.state(magazine)).isEqualTo(JumboState.LEASED);
            pool.free(magazine);
            assertThat(pool.state(magazine)).isEqualTo(JumboState.FREE);
            Watchdog watchdog = new Watchdog();
            watchdog.start("consumer", () -> pool.free(queue));
            watchdog.join();
            assertThat(pool.state(queue)).isEqualTo(JumboState.FREE);
            pool.trim();
            assertThat(pool.state(magazine)).as("in its slab").isEqualTo(JumboState.FREE);
            assertThat(pool.state(queue)).as("in its slab").isEqualTo(JumboState.FREE);
            assertThat(pool.state(kept)).isEqualTo(JumboState.LEASED);
            pool.free(kept);
        }
    }

    @TestFactory
    Stream<DynamicTest> everyCellIsTrue() throws IOException {
        StateTable table = table();
        return table.rows().keySet().stream()
                .map(state -> DynamicTest.dynamicTest(state, () -> CALLS.forEach(call -> tryCell(table, state, call))));
    }

    private static StateTable table() throws IOException {
        return StateTable.read(SOURCE, "What a call does in each state of a page");
    }

    private static void tryCell(StateTable table, String state, Named call) {
        JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 1);
        JumboFixture other = new JumboFixture(BufferSize.KIB_4, 0, 1);
        try (ScratchMemory target = ScratchMemory.of(4096)) {
            long handle = handle(state, fixture, other, target.address());
            JumboStats before = fixture.pool().stats();
            boolean flippable = fixture.pool().exchange().isFlippable(handle, 0, 4096);
            String outcome;
            try {
                outcome = call.call.run(fixture.pool(), handle, target.address());
            } catch (JumboStateException e) {
                outcome = e.kind().name();
                assertThat(fixture.pool().stats())
                        .as("%s while %s", call.row, state)
                        .isEqualTo(before);
            }
            String expected = table.cell(state, call.row);
            assertThat(outcome).as("%s while %s", call.row, state).isEqualTo(expected);
            if (call.row.equals("flip") && !state.equals("POOL CLOSED")) {
                assertThat(flippable).as("asked before %s", state).isEqualTo(expected.equals("flips"));
            }
            fixture.pool().checkInvariants();
        } finally {
            fixture.pool().closeForcibly();
            other.pool().closeForcibly();
            fixture.close();
            other.close();
        }
    }
}
