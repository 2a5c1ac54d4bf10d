package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.BudgetListener;
import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.MemorySource;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// If a limit above an allocator refuses, the message names the holders below that limit, not those of the allocator.
final class RefusedHoldersTest {

    private static final long LIMIT = 4 << 20;
    private static final int BUFFER = 128 << 10;

    private final long sampleBytes = Profile.sampleBytes();
    private final List<ByteBuf> live = new ArrayList<>();
    private final Breaker breaker = new Breaker();
    private final MemoryBudget server =
            MemoryBudget.of(BudgetOptions.of("server", LIMIT).withListener(breaker));
    private final LeasedByteBufAllocator greedy = allocator("greedy");
    private final LeasedByteBufAllocator modest = allocator("modest");

    private LeasedByteBufAllocator allocator(String name) {
        return LeasedByteBufAllocator.builder().name(name).budget(server).build();
    }

    @BeforeEach
    void sampleAll() {
        Profile.sampleBytes(64);
    }

    @AfterEach
    void close() {
        live.forEach(ByteBuf::release);
        greedy.close();
        modest.close();
        server.close();
        Profile.sampleBytes(sampleBytes);
    }

    /// A circuit breaker that is open once the budget has a number of bytes.
    private static final class Breaker implements BudgetListener {

        private long maxBytes = Long.MAX_VALUE;

        @Override
        public boolean reserving(MemoryBudget budget, long bytes) {
            return budget.usedBytes() <= maxBytes;
        }
    }

    /// Allocates until the allocator refuses.
    private BufferMemoryError hoard(LeasedByteBufAllocator allocator) {
        try (Holder _ = Holder.tag("hoard")) {
            while (true) {
                live.add(allocator.directBuffer(BUFFER, BUFFER));
            }
        } catch (BufferMemoryError e) {
            return e;
        }
    }

    @Test
    void hoarderOnTheSameBudgetIsNamedWithItsTagAndStack() {
        hoard(greedy);
        String hoarded = "%,d B".formatted((long) live.size() * BUFFER);

        assertThatThrownBy(() -> modest.directBuffer(BUFFER))
                .isInstanceOf(BufferMemoryError.class)
                .hasMessageContaining("allocator=modest, request=131,072 B, budget=server, max=4,194,304 B; held=")
                .hasMessageContaining("; tags: hoard=" + hoarded + "; budgets: server ")
                .hasMessageContaining("about " + hoarded + ", source=greedy, tag=hoard, oldest=")
                .hasMessageContaining(" at " + RefusedHoldersTest.class.getName() + ".hoard(");
    }

    @Test
    void hoarderIsNamedIfAListenerRefuses() {
        breaker.maxBytes = LIMIT / 2;
        hoard(greedy);

        assertThatThrownBy(() -> modest.directBuffer(BUFFER))
                .hasMessageContaining("the listener of a budget refused: allocator=modest")
                .hasMessageContaining("; tags: hoard=")
                .hasMessageContaining(", source=greedy, tag=hoard, oldest=");
    }

    @Test
    void limitOfTheAllocatorItselfNamesItsHoldersOnly() {
        hoard(greedy);
        live.removeLast().release();
        try (LeasedByteBufAllocator small = LeasedByteBufAllocator.builder()
                .name("small")
                .byteLimit(BUFFER / 2)
                .budget(server)
                .build()) {
            assertThatThrownBy(() -> small.directBuffer(BUFFER))
                    .hasMessageContaining("allocator=small")
                    .hasMessageNotContaining("hoard")
                    .hasMessageNotContaining("source=greedy");
        }
    }

    @Test
    void hoarderOnTheSameArenaIsNamed() {
        PageArenaOptions options =
                PageArenaOptions.builder().name("given").byteSize(LIMIT).build();
        try (PageArena arena = PageArena.open(options);
                LeasedByteBufAllocator one = LeasedByteBufAllocator.builder()
                        .name("one")
                        .arena(arena)
                        .build();
                LeasedByteBufAllocator two = LeasedByteBufAllocator.builder()
                        .name("two")
                        .arena(arena)
                        .build()) {
            hoard(one);
            assertThatThrownBy(() -> two.directBuffer(BUFFER))
                    .hasMessageContaining("allocator=two, request=131,072 B, arena=given")
                    .hasMessageContaining("; tags: hoard=")
                    .hasMessageContaining(", source=one, tag=hoard, oldest=");
            live.forEach(ByteBuf::release);
            live.clear();
        }
    }

    @Test
    void messageIsBoundedHoweverManyAllocatorsAndTagsThereAre() {
        List<LeasedByteBufAllocator> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            many.add(allocator("allocator " + i));
            try (Holder _ = Holder.tag("tag " + i)) {
                live.add(many.getLast().directBuffer(16 << 10));
            }
        }
        hoard(greedy);

        assertThatThrownBy(() -> modest.directBuffer(BUFFER))
                .hasMessageContaining("; tags: hoard=")
                .hasMessageContaining(", and 37 more; budgets: server ")
                .hasMessageMatching("(?s).*; budgets: server .*, and [0-9]+ more\\)\n.*")
                .satisfies(error -> assertThat(error.toString().lines()).hasSize(5))
                .satisfies(error -> assertThat(error.toString()).hasSizeLessThan(4_000));
        live.forEach(ByteBuf::release);
        live.clear();
        many.forEach(LeasedByteBufAllocator::close);
    }

    @Test
    void pagesBlocksAndDevicePagesNameTheTagsBelowTheBudget() {
        hoard(greedy);
        PageArenaOptions options = PageArenaOptions.builder()
                .name("plain")
                .byteSize(LIMIT)
                .budget(server)
                .build();
        JumboOptions jumbo = JumboOptions.builder().name("device").build();
        try (PageArena arena = PageArena.open(options)) {
            assertThatThrownBy(() -> arena.allocateRun(256))
                    .isInstanceOf(PageExhaustedException.class)
                    .hasMessageContaining("refusing budget=server")
                    .hasMessageContaining("; tags: hoard=");
            try (Blocks blocks = Blocks.open(arena, BlocksOptions.defaults());
                    JumboPool<String> pool = JumboPool.open(arena, jumbo, (owner, page, address, byteSize) -> "page")) {
                assertThatThrownBy(() -> blocks.allocate(1 << 20))
                        .isInstanceOf(PageExhaustedException.class)
                        .hasMessageContaining("budget=server, max=4194304 B")
                        .hasMessageContaining("; tags: hoard=");
                assertThatThrownBy(pool::allocate)
                        .isInstanceOf(PageExhaustedException.class)
                        .hasMessageContaining("budget=server, max=4194304 B")
                        .hasMessageContaining("; tags: hoard=");
            }
        }
    }

    @Test
    void sourcesOfABudgetAreThoseThatHoldItsBytes() {
        try (PageArena arena = PageArena.open(PageArenaOptions.builder()
                        .name("plain")
                        .budget(server)
                        .byteSize(LIMIT)
                        .build());
                PageArena used = PageArena.open(PageArenaOptions.builder()
                        .name("used")
                        .budget(server)
                        .byteSize(LIMIT)
                        .build());
                Blocks blocks = Blocks.open(used, BlocksOptions.defaults())) {
            live.add(greedy.heapBuffer(BUFFER));
            assertThat(blocks).isNotNull();
            assertThat(arena).isNotNull();
            assertThat(MemorySource.chargedTo(server))
                    .extracting(source -> source.kind() + " " + source.name())
                    .contains("ALLOCATOR greedy", "ALLOCATOR blocks", "ARENA plain")
                    .doesNotContain("ARENA used", "ALLOCATOR greedy on the Java heap")
                    .noneMatch(source -> source.startsWith("LEASE_POOL"));
            assertThat(MemorySource.onJavaHeap())
                    .extracting(MemorySource::name)
                    .contains("greedy on the Java heap")
                    .doesNotContain("greedy", "blocks", "plain");
            assertThat(MemorySource.chargedTo(MemoryBudget.of("other", 1))).isEmpty();
        }
    }
}
