package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// An arena without maintenance, and a pool on it.
///
/// **Ownership.** Closing the fixture closes the pool and the arena, both not by force. A test that leaves a page in
/// use fails.
///
/// **Threads.** The pool is thread-safe; the rest is confined to the test thread.
public final class JumboFixture implements AutoCloseable {

    public static final int MIB = 1 << 20;

    public static final Duration DECAY = Duration.ofSeconds(8);

    /// The time after which reclaimers are called: an eighth of a decay.
    private static final long TICK_NANOS = DECAY.toNanos() / 8;

    private final MemoryBudget budget;
    private final Reservations reservations;
    private final PageArena arena;
    private final JumboPool<JumboView> pool;
    private long now;

    /// A pool of pages of this size in slabs of 256 KiB.
    public JumboFixture(BufferSize bufferSize, int maxPages, int arenaMib) {
        this(options(bufferSize).toBuilder().pages(0, maxPages).build(), arenaMib);
    }

    public JumboFixture(JumboOptions options, int arenaMib) {
        this(options, arenaMib, VirtualMemory.system(), false);
    }

    public JumboFixture(JumboOptions options, int arenaMib, VirtualMemory memory, boolean lockWired) {
        this(options, arenaMib, memory, lockWired, DECAY);
    }

    /// {@return a fixture whose arena does not decay}
    static JumboFixture withoutDecay(JumboOptions options, int arenaMib) {
        return new JumboFixture(options, arenaMib, VirtualMemory.system(), false, PageArenaOptions.NO_DECAY);
    }

    private JumboFixture(JumboOptions options, int arenaMib, VirtualMemory memory, boolean lockWired, Duration decay) {
        this.budget = MemoryBudget.of("test", 1L << 30);
        this.reservations = new Reservations(memory, new MappingBudget(4096));
        this.arena = PageArenas.open(
                PageArenaOptions.builder()
                        .name("arena")
                        .pageByteSize(Math.max(4096, memory.pageSize()))
                        .byteSize((long) arenaMib * MIB)
                        .lockWired(lockWired)
                        .decay(decay)
                        .budget(budget)
                        .build(),
                reservations);
        this.pool = JumboPool.open(arena, options, JumboView::new);
    }

    public static JumboOptions options(BufferSize bufferSize) {
        return JumboOptions.builder()
                .name("pool")
                .bufferSize(bufferSize)
                .slabByteSize(256 << 10)
                .shards(16)
                .build();
    }

    public JumboPool<JumboView> pool() {
        return pool;
    }

    public PageArena arena() {
        return arena;
    }

    public MemoryBudget budget() {
        return budget;
    }

    public long takenBytes() {
        return arena.stats().livePages() * arena.options().pageByteSize();
    }

    /// {@return handles of `count` pages, which must be available}
    public List<Long> allocate(int count) {
        List<Long> handles = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long handle = pool.tryAllocate();
            assertThat(handle).as("page %d of %s", i, pool).isNotNegative();
            handles.add(handle);
        }
        return handles;
    }

    /// {@return handles of all pages that can be allocated}
    public List<Long> exhaust() {
        List<Long> handles = new ArrayList<>();
        for (long handle = pool.tryAllocate(); handle >= 0; handle = pool.tryAllocate()) {
            handles.add(handle);
        }
        return handles;
    }

    public void release(List<Long> handles) {
        handles.forEach(pool::free);
        handles.clear();
    }

    /// Runs the maintenance of the arena for a number of ticks.
    public void decay(int ticks) {
        for (int i = 0; i < ticks; i++) {
            now += TICK_NANOS;
            PageArenas.step(arena, now);
        }
    }

    /// Checks the pool, the arena, and that both count the same bytes. No other thread uses them now.
    public boolean isPressed() {
        return pool.supply().isPressed();
    }

    public void check() {
        pool.checkInvariants();
        PageArenas.checkInvariants(arena);
        JumboStats stats = pool.stats();
        assertThat(stats.bytes().taken()).as("%s", stats).isEqualTo(takenBytes());
        assertThat(stats.bytes().live()).isLessThanOrEqualTo(stats.bytes().pinned());
        assertThat(stats.bytes().pinned()).isLessThanOrEqualTo(stats.bytes().taken());
    }

    /// Expects a call to throw, and returns the exception for more assertions.
    public static JumboStateException refused(StateKind kind, ThrowingCallable call) {
        JumboStateException[] thrown = new JumboStateException[1];
        assertThatThrownBy(call).isInstanceOfSatisfying(JumboStateException.class, e -> {
            assertThat(e.kind()).as("%s", e.getMessage()).isEqualTo(kind);
            thrown[0] = e;
        });
        return thrown[0];
    }

    @Override
    public void close() {
        pool.close();
        // none, but for the slabs of pages that were in use at a forced close
        assertThat(takenBytes()).isEqualTo(pool.stats().bytes().taken());
        arena.close();
        assertThat(budget.usedBytes()).isZero();
        reservations.releaseRetained();
    }
}
