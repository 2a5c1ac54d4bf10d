package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The first table of the package's comment is true: every call, as a method of [Lease] and with a handle, in every
/// state of a lease, over both engines.
class LeaseStatesTest {

    static final Path SOURCE = ProjectFiles.core("src/main/java/io/leasehold/lease/package-info.java");

    private static final long STORED = 0x1234_5678;

    /// The states of a lease, and how one comes to be in it.
    private enum State {
        OPEN,
        CONFINED,
        ELSEWHERE,
        CLOSED,
        HANDED_OVER,
        RECYCLED,
        FOREIGN,
        POOL_CLOSED;

        private String column() {
            return name().replace('_', ' ');
        }
    }

    /// A call, as the table names it; null is a form that it does not have.
    private record Call(
            String row,
            @Nullable ObjectForm object,
            @Nullable HandleForm handle) {

        private static final List<Call> ALL = List.of(
                new Call("address", Lease::address, LeasePool::address),
                new Call("page", Lease::page, LeasePool::page),
                new Call("byteSize", Lease::byteSize, LeasePool::byteSize),
                new Call("isOpen", Lease::isOpen, LeasePool::isOpen),
                new Call("segment", lease -> lease.segment().address(), null),
                new Call("getLong", lease -> lease.getLong(0), null),
                new Call("putLong", Call::store, null),
                new Call("ref", lease -> lease.ref().handOver(), LeasePool::ref),
                new Call("handOver", Lease::handOver, LeasePool::handOver),
                new Call("adopt", null, (pool, lease) -> pool.adopt(lease).handOver()),
                new Call("close", Call::end, null),
                new Call("free", null, Call::end));

        private static Object store(Lease lease) {
            lease.putLong(0, STORED);
            return OffHeap.getLong(lease.address());
        }

        private static Object end(Lease lease) {
            lease.close();
            return "ends";
        }

        private static Object end(LeasePool pool, long lease) {
            pool.free(lease);
            return "ends";
        }
    }

    private interface ObjectForm {
        Object call(Lease lease);
    }

    private interface HandleForm {
        Object call(LeasePool pool, long lease);
    }

    /// A lease in some state, as both things that its holder may have kept.
    private record Subject(LeasePool pool, @Nullable Lease object, long handle, long page, long address) {}

    @Test
    void tableHasEveryStateAndEveryCallAndNoOthers() throws IOException {
        StateTable table = table();
        assertThat(table.columns())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(State.values()).map(State::column).toList());
        assertThat(table.rows().keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Call.ALL.stream().map(Call::row).toList());
    }

    @TestFactory
    Stream<DynamicTest> everyCellOfADirectMapIsTrue() throws IOException {
        return cells(table(), () -> new LeaseFixture(VirtualMemory.system(), false, LeasePoolOptions.directMap()));
    }

    @TestFactory
    Stream<DynamicTest> everyCellOfWindowsIsTrue() throws IOException {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
        return cells(table(), () -> new LeaseFixture(VirtualMemory.system(), true, LeasePoolOptions.windowed(3)));
    }

    private static StateTable table() throws IOException {
        return StateTable.read(SOURCE, "What a call does in each state of a lease");
    }

    /// Opens the pool of one cell.
    private interface Fixtures {
        LeaseFixture open();
    }

    private static Stream<DynamicTest> cells(StateTable table, Fixtures fixtures) {
        List<DynamicTest> cells = new ArrayList<>();
        for (Call call : Call.ALL) {
            for (State state : State.values()) {
                String expected = table.cell(call.row, state.column());
                String name = call.row + " of a lease " + state.column() + ": " + expected;
                cells.add(DynamicTest.dynamicTest(name, () -> check(fixtures, call, state, expected)));
            }
        }
        return cells.stream();
    }

    private static void check(Fixtures fixtures, Call call, State state, String expected) throws InterruptedException {
        int forms = 0;
        ObjectForm object = call.object;
        if (object != null && state != State.FOREIGN) {
            forms++;
            with(fixtures, state, subject -> {
                Lease lease = LeasePoolFixture.acquired(subject.object);
                assertThat(outcome(call, subject, () -> object.call(lease))).isEqualTo(expected);
            });
        }
        HandleForm handle = call.handle;
        if (handle != null) {
            forms++;
            with(fixtures, state, subject -> {
                String outcome = outcome(call, subject, () -> handle.call(subject.pool, subject.handle));
                assertThat(outcome).isEqualTo(expected);
            });
        }
        assertThat(forms == 0).as("has no form").isEqualTo(expected.equals("-"));
    }

    /// One call.
    private interface Attempt {
        Object make();
    }

    /// {@return what a call did, in the words of the table}
    private static String outcome(Call call, Subject subject, Attempt attempt) {
        LeasePool pool = subject.pool;
        int before = pool.stats().leases();
        Object result;
        try {
            result = attempt.make();
        } catch (LeaseStateException e) {
            assertThat(pool.stats().leases()).as("leases after a refusal").isEqualTo(before);
            return e.kind().name();
        }
        int opened = pool.stats().leases() - before;
        boolean isOpen = pool.isOpen(subject.handle);
        switch (call.row) {
            case "address", "segment" -> assertThat(result).isEqualTo(subject.address);
            case "page" -> assertThat(result).isEqualTo(subject.page);
            case "byteSize" -> assertThat(result).isEqualTo(pool.pageByteSize(subject.page));
            case "getLong" -> assertThat(result).isEqualTo(LeaseFixture.mark(subject.page));
            case "putLong" -> assertThat(result).isEqualTo(STORED);
            case "isOpen" -> {
                return result.toString();
            }
            case "ref", "handOver", "adopt" -> {
                long next = (long) result;
                boolean isSecond = call.row.equals("ref");
                assertThat(next).isNotEqualTo(subject.handle);
                assertThat(pool.address(next)).isEqualTo(subject.address);
                assertThat(pool.page(next)).isEqualTo(subject.page);
                assertThat(isOpen).as("the old one is open").isEqualTo(isSecond);
                assertThat(opened).isEqualTo(isSecond ? 1 : 0);
                return "new lease";
            }
            case "close", "free" -> {
                assertThat(isOpen).isFalse();
                assertThat(opened).isEqualTo(-1);
                return result.toString();
            }
            default -> throw new AssertionError("what does it do? " + call.row);
        }
        assertThat(opened).isZero();
        assertThat(isOpen).isTrue();
        return "value";
    }

    private static void with(Fixtures fixtures, State state, Consumer<Subject> body) throws InterruptedException {
        LeaseFixture fixture = fixtures.open();
        LeasePool other = LeasePool.open(fixture.arena(), fixture.pool().options());
        try {
            body.accept(subject(fixture, other, state));
        } finally {
            other.closeForcibly();
            fixture.closeForcibly();
        }
    }

    private static Subject subject(LeaseFixture fixture, LeasePool other, State state) throws InterruptedException {
        LeasePool pool = fixture.pool();
        long page = fixture.wiredPage();
        if (state == State.FOREIGN) {
            long handle = other.acquireHandle(page);
            return new Subject(pool, null, handle, page, other.address(handle));
        }
        int flags = state == State.CONFINED || state == State.ELSEWHERE ? LeaseFlag.CPUPRIVATE : LeaseFlag.DEFAULT;
        AtomicReference<Subject> made = new AtomicReference<>();
        if (state == State.ELSEWHERE) {
            Watchdog watchdog = new Watchdog();
            watchdog.start("elsewhere", () -> made.set(acquired(pool, page, flags)));
            watchdog.join();
        } else {
            made.set(acquired(pool, page, flags));
        }
        Subject subject = made.get();
        switch (state) {
            case CLOSED -> pool.free(subject.handle);
            case HANDED_OVER -> assertThat(pool.handOver(subject.handle)).isNotEqualTo(LeasePool.NO_LEASE);
            case RECYCLED -> {
                pool.free(subject.handle);
                long next = pool.acquireHandle(fixture.wiredPage());
                assertThat(LeaseLayout.index(next)).isEqualTo(LeaseLayout.index(subject.handle));
            }
            case POOL_CLOSED -> assertThat(pool.closeForcibly()).isEqualTo(1);
            case OPEN, CONFINED, ELSEWHERE, FOREIGN ->
                assertThat(pool.stats().leases()).isEqualTo(1);
        }
        return subject;
    }

    /// {@return an open lease as an object and as a handle, both of one life}
    private static Subject acquired(LeasePool pool, long page, int flags) {
        long handle = pool.tryAcquireHandle(page, flags);
        long address = pool.address(handle);
        return new Subject(pool, new Lease(pool, handle, page, address), handle, page, address);
    }
}
