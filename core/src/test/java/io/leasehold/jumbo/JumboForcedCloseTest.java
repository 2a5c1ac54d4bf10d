package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A forced close whose system call fails: the pool is closed for all its users, and its memory comes back when the
/// close is repeated.
class JumboForcedCloseTest {

    private static final int PAGES_PER_SLAB = 4;

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());

    @BeforeEach
    void needsLocks() {
        TestMemory.require(memory, Capability.LOCK);
    }

    private JumboFixture fixture(int maxPages) {
        JumboOptions options = JumboFixture.options(BufferSize.KIB_64).toBuilder()
                .pages(0, maxPages)
                .build();
        return new JumboFixture(options, 2, memory, true);
    }

    private void failsToClose(JumboFixture fixture) {
        memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
        assertThatThrownBy(fixture.pool()::closeForcibly).isInstanceOf(SystemCallException.class);
    }

    @Test
    void waitersAreNotifiedThoughTheSystemCallFails() {
        try (JumboFixture fixture = fixture(PAGES_PER_SLAB)) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> stolen = fixture.allocate(PAGES_PER_SLAB).stream()
                    .map(pool.exchange()::steal)
                    .toList();
            List<Long> handles = fixture.allocate(PAGES_PER_SLAB); // in another slab
            stolen.forEach(pool.exchange()::adopt); // beyond the limit, so their slab is idle and has no free page
            AtomicInteger notified = new AtomicInteger();
            pool.whenFree(notified::incrementAndGet);
            assertThat(notified.get()).as("no page is free").isZero();

            failsToClose(fixture);
            assertThat(notified.get()).isEqualTo(1);
            JumboFixture.refused(StateKind.CLOSED, () -> pool.whenFree(notified::incrementAndGet));
            assertThat(notified.get()).isEqualTo(1);

            assertThat(pool.closeForcibly()).isEqualTo(PAGES_PER_SLAB);
            handles.forEach(pool::free);
            assertThat(fixture.takenBytes()).isZero();
        }
    }

    /// The page of a holder that is late comes back, but the kernel does not unlock its slab.
    @Test
    void closeIsRepeatedForSlabThatCameBackLate() {
        try (JumboFixture fixture = fixture(0)) {
            JumboPool<JumboView> pool = fixture.pool();
            long handle = fixture.allocate(1).getFirst();
            assertThat(pool.closeForcibly()).isEqualTo(1);
            memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
            pool.free(handle);
            assertThat(fixture.takenBytes()).isPositive();
            assertThat(pool.closeForcibly()).isZero();
            assertThat(fixture.takenBytes()).isZero();
        }
    }

    /// The magazines cannot be visited, so their pages count as in use. The next release finds them, or the next close.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pagesInMagazinesComeBackThoughTheBarrierFailed(boolean isReleasedFirst) {
        TestMemory.require(memory, Capability.BARRIER);
        try (JumboFixture fixture = fixture(0)) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.allocate(2 * PAGES_PER_SLAB);
            long kept = handles.removeLast();
            fixture.release(handles);
            memory.failFrom(Call.BARRIER, 1, Errno.ENOMEM);
            assertThat(pool.closeForcibly()).isEqualTo(2 * PAGES_PER_SLAB);
            assertThat(fixture.takenBytes()).isEqualTo(2L * pool.options().slabByteSize());
            memory.disarm();
            if (!isReleasedFirst) {
                assertThat(pool.closeForcibly()).as("in use").isEqualTo(1);
                assertThat(fixture.takenBytes()).isEqualTo(pool.options().slabByteSize());
            }
            pool.free(kept);
            assertThat(fixture.takenBytes()).isZero();
        }
    }

    @Test
    void noPageIsKeptInShardAfterwards() {
        try (JumboFixture fixture = fixture(0)) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.allocate(2 * PAGES_PER_SLAB + 1);
            List<Long> kept = List.copyOf(handles.subList(0, 2));
            fixture.release(handles.subList(2, handles.size()));
            failsToClose(fixture);

            pool.free(kept.getFirst());
            JumboFixture.refused(StateKind.CLOSED, pool::tryAllocate);
            assertThat(pool.closeForcibly()).as("in use").isEqualTo(1);
            assertThat(fixture.takenBytes()).isEqualTo(pool.options().slabByteSize());
            pool.free(kept.getLast());
            assertThat(fixture.takenBytes()).isZero();
            assertThat(pool.closeForcibly()).as("in use").isZero();
        }
    }
}
