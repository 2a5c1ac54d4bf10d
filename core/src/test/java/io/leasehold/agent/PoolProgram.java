package io.leasehold.agent;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocatorMetric;
import io.netty.buffer.Unpooled;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/// Main class of the JVMs that [AgentTest] starts: does with Netty's pools what servers do, and prints what it finds.
final class PoolProgram {

    private static final List<String> WRONG = new ArrayList<>();

    private PoolProgram() {}

    /// Tries all pools, and prints a line `wrong=` and lines about each pool.
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            Class.forName(arguments[0]);
        }
        Map<String, ByteBufAllocator> pools = new LinkedHashMap<>();
        pools.put("default", ByteBufAllocator.DEFAULT);
        pools.put("pooled", PooledByteBufAllocator.DEFAULT);
        pools.put("onHeap", new PooledByteBufAllocator(false));
        pools.put("grpc", new PooledByteBufAllocator(true, 2, 2, 8192, 8, 256, 64, true));
        pools.put("adaptive", new AdaptiveByteBufAllocator());
        pools.put("subclass", new Subclass());
        pools.put("noDirectArenas", new PooledByteBufAllocator(true, 1, 0, 8192, 3, 0, 0, false));
        pools.put("noHeapArenas", new PooledByteBufAllocator(true, 0, 1, 8192, 3, 0, 0, false));
        if (PooledByteBufAllocator.isDirectMemoryCacheAlignmentSupported()) {
            pools.put("aligned", new PooledByteBufAllocator(true, 1, 1, 8192, 3, 0, 0, false, 64));
        }
        for (Map.Entry<String, ByteBufAllocator> pool : pools.entrySet()) {
            use(pool.getKey(), pool.getValue());
        }
        // ByteBufAllocator.DEFAULT is PooledByteBufAllocator.DEFAULT with Netty 4.1
        reportSums(new LinkedHashSet<>(pools.values()), Objects.requireNonNull(pools.get("grpc")));
        ByteBuf text = Unpooled.copiedBuffer("text", StandardCharsets.UTF_8);
        System.out.println("unpooled=" + text.getClass().getSimpleName());
        text.release();
        System.out.println("wrong=" + WRONG);
    }

    // Which allocator it is, is the question; and users of order(ByteOrder) get its view too.
    @SuppressWarnings({"deprecation", "ReferenceEquality"})
    private static void use(String name, ByteBufAllocator pool) {
        ByteBuf direct = pool.directBuffer(100, 100_000);
        ByteBuf heap = pool.heapBuffer(100);
        System.out.println(name + ".direct=" + innermost(direct).getClass().getSimpleName());
        System.out.println(name + ".heap=" + innermost(heap).getClass().getSimpleName());
        System.out.println(name + ".isDirectBufferPooled=" + pool.isDirectBufferPooled());
        check(name, "allocator of a direct buffer", direct.alloc() == pool);
        check(name, "allocator of a heap buffer", heap.alloc() == pool);
        check(name, "kinds", direct.isDirect() && heap.hasArray());
        ByteBuf slice = direct.writeZero(10).retainedSlice(0, 10);
        check(name, "allocator of a slice", slice.alloc() == pool);
        slice.release();
        check(name, "allocator of a view", direct.duplicate().alloc() == pool);
        check(
                name,
                "allocator of an order",
                direct.order(ByteOrder.LITTLE_ENDIAN).alloc() == pool);
        ByteBuf copy = direct.copy();
        check(name, "allocator of a copy", copy.alloc() == pool);
        copy.release();
        CompositeByteBuf composite = pool.compositeBuffer();
        check(name, "allocator of a composite", composite.alloc() == pool);
        composite.release();
        check(name, "allocator of an empty buffer", pool.directBuffer(0, 0).alloc() == pool);
        direct.writeZero(50_000);
        check(name, "allocator after growth", direct.alloc() == pool);
        if (pool instanceof PooledByteBufAllocator pooled) {
            check(name, "table", !pooled.dumpStats().isEmpty());
            pooled.trimCurrentThreadCache();
        }
        direct.release();
        heap.release();
        check(name, "counts", direct.refCnt() == 0 && heap.refCnt() == 0);
    }

    /// Prints the sums over all pools while one buffer of each kind is in use, and what the default pool reports.
    private static void reportSums(Set<ByteBufAllocator> pools, ByteBufAllocator grpc) {
        ByteBuf direct = grpc.directBuffer(1 << 20);
        ByteBuf heap = grpc.heapBuffer(1 << 20);
        long directBytes = 0;
        long heapBytes = 0;
        long pinnedDirect = 0;
        long pinnedHeap = 0;
        for (ByteBufAllocator pool : pools) {
            if (innermost(direct).getClass().getSimpleName().startsWith("Leased")) {
                directBytes += Math.max(
                        0, ((ByteBufAllocatorMetricProvider) pool).metric().usedDirectMemory());
                heapBytes += Math.max(
                        0, ((ByteBufAllocatorMetricProvider) pool).metric().usedHeapMemory());
                if (pool instanceof PooledByteBufAllocator pooled) {
                    pinnedDirect += Math.max(0, pooled.pinnedDirectMemory());
                    pinnedHeap += Math.max(0, pooled.pinnedHeapMemory());
                }
            }
        }
        System.out.println("usedDirect=" + directBytes);
        System.out.println("usedHeap=" + heapBytes);
        System.out.println("pinnedDirect=" + pinnedDirect);
        System.out.println("pinnedHeap=" + pinnedHeap);
        PooledByteBufAllocatorMetric metric = ((PooledByteBufAllocator) grpc).metric();
        System.out.println("directArenas=" + readings(metric.directArenas()));
        System.out.println("heapArenas=" + readings(metric.heapArenas()));
        direct.release();
        heap.release();
    }

    /// {@return what the arenas of a pool say of its buffers, without those that say 0}
    private static List<Long> readings(List<PoolArenaMetric> arenas) {
        return arenas.stream()
                .flatMap(arena -> Stream.of(
                        arena.numActiveBytes(),
                        arena.numActiveAllocations(),
                        arena.numAllocations(),
                        arena.numDeallocations()))
                .filter(reading -> reading != 0)
                .toList();
    }

    static ByteBuf innermost(ByteBuf buf) {
        ByteBuf inner = buf;
        while (inner.unwrap() != null) {
            inner = inner.unwrap();
        }
        return inner;
    }

    private static void check(String pool, String what, boolean isRight) {
        if (!isRight) {
            WRONG.add(pool + ": " + what);
        }
    }

    /// A pool as frameworks extend it.
    private static final class Subclass extends PooledByteBufAllocator {
        Subclass() {
            super(true, 1, 1, 8192, 3, 0, 0, false);
        }

        @Override
        public ByteBuf heapBuffer(int initialCapacity, int maxCapacity) {
            return super.heapBuffer(initialCapacity, maxCapacity);
        }
    }
}
