package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The second table of the package's comment is true: every way to acquire, and every close, in every state of the page
/// and of the windows.
class WindowStatesTest implements WindowFixture {

    private static final int WINDOWS = 2;
    private static final String NEVER = "-";

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    private enum State {
        ACTIVE,
        INACTIVE,
        VIRGIN,
        OTHER_INACTIVE,
        FULL;

        private String column() {
            return name().replace('_', ' ');
        }
    }

    private enum Call {
        DEFAULT("acquire DEFAULT"),
        NOWAIT("acquire NOWAIT"),
        CATCH("acquire CATCH"),
        CATCH_INTERRUPTED("acquire CATCH, interrupted"),
        CLOSE_ONE("close, page has other leases"),
        CLOSE_LAST("close, last lease of a page");

        private final String row;

        Call(String row) {
            this.row = row;
        }

        private int flags() {
            return switch (this) {
                case NOWAIT -> LeaseFlag.NOWAIT;
                case CATCH, CATCH_INTERRUPTED -> LeaseFlag.CATCH;
                default -> LeaseFlag.DEFAULT;
            };
        }
    }

    @Test
    void tableHasEveryStateAndEveryCallAndNoOthers() throws IOException {
        assertThat(table().columns())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(State.values()).map(State::column).toList());
        assertThat(table().rows().keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(Call.values()).map(call -> call.row).toList());
    }

    @TestFactory
    Stream<DynamicTest> everyCellIsTrue() throws IOException {
        List<DynamicTest> cells = new ArrayList<>();
        for (Call call : Call.values()) {
            for (State state : State.values()) {
                String expected = table().cell(call.row, state.column());
                String name = call.row + " when " + state.column() + ": " + expected;
                cells.add(DynamicTest.dynamicTest(
                        name, () -> assertThat(outcome(call, state)).isEqualTo(expected)));
            }
        }
        return cells.stream();
    }

    private static StateTable table() throws IOException {
        return StateTable.read(LeaseStatesTest.SOURCE, "What a call does in each state of the windows");
    }

    private String outcome(Call call, State state) throws InterruptedException {
        LeaseFixture fixture = fixture(WINDOWS);
        try {
            long page = fixture.wiredPage();
            List<Lease> leases = prepare(fixture, page, state);
            fixture.pool().checkInvariants();
            return call == Call.CLOSE_ONE || call == Call.CLOSE_LAST
                    ? closes(fixture, page, call, state, leases)
                    : acquires(fixture, page, call, leases);
        } finally {
            fixture.closeForcibly();
        }
    }

    /// {@return the leases that are open in a state, the first of them on the page if any is}
    private static List<Lease> prepare(LeaseFixture fixture, long page, State state) {
        List<Lease> leases = new ArrayList<>();
        switch (state) {
            case ACTIVE -> leases.add(fixture.pool().acquire(page));
            case INACTIVE -> {
                WindowFixture.touch(fixture, page);
                leases.add(fixture.pool().acquire(fixture.wiredPage()));
            }
            case VIRGIN -> leases.add(fixture.pool().acquire(fixture.wiredPage()));
            case OTHER_INACTIVE -> {
                WindowFixture.touch(fixture, fixture.wiredPage());
                leases.add(fixture.pool().acquire(fixture.wiredPage()));
            }
            case FULL -> {
                for (int i = 0; i < WINDOWS; i++) {
                    leases.add(fixture.pool().acquire(fixture.wiredPage()));
                }
            }
        }
        return leases;
    }

    private String acquires(LeaseFixture fixture, long page, Call call, List<Lease> leases)
            throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        long maps = maps();
        LeasePoolStats before = fixture.pool().stats();
        Acquirer acquirer = new Acquirer(fixture.pool(), page, call.flags());
        Thread thread = watchdog.start("acquirer", () -> {
            if (call == Call.CATCH_INTERRUPTED) {
                Thread.currentThread().interrupt();
            }
            acquirer.run();
        });
        watchdog.await(
                "a lease, a refusal or a wait",
                () -> acquirer.hasEnded()
                        || (fixture.pool().stats().waited() == 1 && thread.getState() == Thread.State.WAITING));
        String outcome;
        if (!acquirer.hasEnded()) {
            leases.getFirst().close();
            assertThat(acquirer.lease().isOpen()).isTrue();
            outcome = "waits";
        } else if (acquirer.result() == null) {
            assertThat(fixture.pool().stats().failures()).isEqualTo(before.failures() + 1);
            outcome = "null";
        } else {
            boolean hit = fixture.pool().stats().hits() > before.hits();
            assertThat(maps() - maps).isEqualTo(hit ? 0 : 1);
            outcome = hit ? "hit" : "maps";
        }
        assertThat(acquirer.wasInterrupted()).isEqualTo(call == Call.CATCH_INTERRUPTED);
        acquirer.close();
        watchdog.join();
        return outcome;
    }

    private String closes(LeaseFixture fixture, long page, Call call, State state, List<Lease> leases)
            throws InterruptedException {
        if (state != State.ACTIVE && state != State.FULL) {
            return NEVER; // there is no lease on the page, and no thread waits for another one
        }
        Lease closed = leases.getFirst();
        Lease other = call == Call.CLOSE_ONE ? closed.ref() : closed;
        long calls = calls();
        int used = fixture.pool().stats().used();
        if (state == State.ACTIVE) {
            closed.close();
            assertThat(calls()).isEqualTo(calls);
            boolean idles = fixture.pool().stats().used() < used;
            assertThat(other.isOpen()).isEqualTo(!idles);
            return idles ? "idles" : "stays";
        }
        Watchdog watchdog = new Watchdog();
        Acquirer waiter = WindowFixture.waiting(fixture, watchdog, "waiter", page, LeaseFlag.DEFAULT, 0);
        closed.close();
        boolean wakes = call == Call.CLOSE_LAST && waiter.lease().isOpen();
        if (!wakes) {
            assertThat(waiter.hasEnded()).isFalse();
            assertThat(fixture.pool().stats().used()).isEqualTo(used);
            other.close();
        }
        assertThat(waiter.lease().isOpen()).isTrue();
        waiter.close();
        watchdog.join();
        return wakes ? "wakes" : "stays";
    }
}
