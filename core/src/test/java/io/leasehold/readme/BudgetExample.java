package io.leasehold.readme;

import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.BudgetThrottle;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.channel.Channel;

/// The README's example of a tree of budgets.
final class BudgetExample {

    private BudgetExample() {}

    static MemoryBudget tree() {
        BudgetOptions options = BudgetOptions.of("server", 512L << 20)
                .withSoftByteLimit(384L << 20)
                .withFairShares(true);
        MemoryBudget server = MemoryBudget.of(options);
        MemoryBudget network = server.child("network", 512L << 20);
        MemoryBudget cache = server.child("cache", 256L << 20);
        if (!cache.tryReserve(1)) {
            throw new AssertionError(server.report());
        }
        cache.release(1);
        return network;
    }

    static LeasedByteBufAllocator throttled(MemoryBudget network, Channel channel) {
        LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("web").budget(network).build();
        BudgetThrottle throttle = BudgetThrottle.of(network, allocator, 64 << 10);
        channel.pipeline().addFirst(throttle.handler());
        return allocator;
    }
}
