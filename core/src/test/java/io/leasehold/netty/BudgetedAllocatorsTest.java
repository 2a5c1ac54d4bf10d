package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.BudgetListener;
import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Allocators that are charged to children of one budget: a flood in one leaves the other its share.
@Timeout(120)
class BudgetedAllocatorsTest {

    private static final int BUFFER = 256 << 10;
    private static final long LIMIT = 64 << 20;

    @Test
    void floodInOneAllocatorLeavesTheOtherItsShare() {
        MemoryBudget server = MemoryBudget.of(
                BudgetOptions.of("server", LIMIT).withSoftByteLimit(LIMIT / 2).withFairShares(true));
        MemoryBudget network = server.child("network", LIMIT);
        MemoryBudget cache = server.child("cache", LIMIT);
        Deque<ByteBuf> flood = new ArrayDeque<>();
        Deque<ByteBuf> quiet = new ArrayDeque<>();
        try (LeasedByteBufAllocator greedy = LeasedByteBufAllocator.builder()
                        .name("greedy")
                        .budget(network)
                        .build();
                LeasedByteBufAllocator modest = LeasedByteBufAllocator.builder()
                        .name("modest")
                        .budget(cache)
                        .build()) {
            BufferMemoryError refused = fill(greedy, flood);
            assertThat(refused)
                    .hasMessageContaining("a budget has its share of a parent under pressure: allocator=greedy")
                    .hasMessageContaining("budget=server/network, max=33,554,432 B");
            assertThat(network.usedBytes()).isBetween(LIMIT / 4, LIMIT / 2);
            fill(modest, quiet);
            assertThat(cache.usedBytes()).as("its share, up to one slab").isGreaterThan(LIMIT / 2 - (4 << 20));
            assertThat(server.usedBytes()).isLessThanOrEqualTo(LIMIT);
            assertThat(cache.usedBytes()).isLessThanOrEqualTo(cache.shareBytes());
            server.stats()
                    .children()
                    .forEach(child ->
                            assertThat(child.refusals()).as(child.path()).isPositive());
            flood.forEach(ByteBuf::release);
            quiet.forEach(ByteBuf::release);
        }
        assertThat(server.usedBytes()).isZero();
        network.close();
        cache.close();
        server.close();
    }

    /// A circuit breaker that is open.
    private static final class Breaker implements BudgetListener {

        private boolean isOpen;

        @Override
        public boolean reserving(MemoryBudget budget, long bytes) {
            return !isOpen;
        }
    }

    @Test
    void listenerThatRefusesIsNamed() {
        Breaker breaker = new Breaker();
        MemoryBudget server = MemoryBudget.of(BudgetOptions.of("server", LIMIT).withListener(breaker));
        Deque<ByteBuf> buffers = new ArrayDeque<>();
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("web").budget(server).build()) {
            buffers.add(allocator.directBuffer(BUFFER));
            breaker.isOpen = true;
            assertThat(fill(allocator, buffers))
                    .hasMessageContaining("the listener of a budget refused: allocator=web")
                    .hasMessageContaining(", budget=server, listener=" + Breaker.class.getName() + "; held=");
            breaker.isOpen = false;
            assertThat(fill(allocator, buffers))
                    .hasMessageContaining("is reached: allocator=web")
                    .hasMessageNotContaining("listener=");
            buffers.forEach(ByteBuf::release);
        }
        server.close();
    }

    /// Allocates until the allocator refuses.
    private static BufferMemoryError fill(LeasedByteBufAllocator allocator, Deque<ByteBuf> buffers) {
        try {
            while (true) {
                buffers.add(allocator.directBuffer(BUFFER, BUFFER));
            }
        } catch (BufferMemoryError e) {
            return e;
        }
    }
}
