package io.leasehold.bench;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.openjdk.jmh.infra.BenchmarkParams;

/// The compared allocators, with the JVM arguments that are best for each.
///
/// The name of a benchmark method selects the allocator: `oneLive` uses Leasehold, `oneLiveAdaptive` and
/// `oneLivePooled` use Netty. Each method runs in its own JVM. So only one allocator is opened in it, and call sites
/// see one class of buffers, as in a server. JDK 25 runs Netty in three modes, each a nested class: without a flag,
/// with native access, and with `sun.misc.Unsafe` allowed.
public final class Allocators {

    /// Initial heap of every measured JVM.
    public static final String MIN_HEAP = "-Xms1g";

    /// Maximum heap of every measured JVM.
    public static final String MAX_HEAP = "-Xmx1g";

    /// Allows native access. Without it, Netty uses a shared arena of the JDK for each chunk.
    public static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    /// Allows Unsafe. With it, Netty accesses memory as before JDK 24.
    public static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    private static final int POLLUTION = 4096;

    private Allocators() {}

    /// {@return the allocator that the name of the running benchmark selects, with leak detection at `leakLevel`}
    static ByteBufAllocator open(BenchmarkParams params, String leakLevel) {
        String method = params.getBenchmark();
        return open(
                method.contains("Adaptive") ? "adaptive" : method.contains("Pooled") ? "pooled" : "leased", leakLevel);
    }

    /// {@return an allocator by name, with leak detection at `leakLevel`}
    ///
    /// @param name `leased`, `adaptive`, `pooled` or `unpooled`
    /// @param leakLevel one of Netty's levels, for the whole process
    /// @throws IllegalArgumentException if the allocator or the level is unknown
    public static ByteBufAllocator open(String name, String leakLevel) {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.valueOf(leakLevel.toUpperCase(Locale.ROOT)));
        return switch (name) {
            case "leased" -> LeasedByteBufAllocator.builder().name("bench").build();
            case "adaptive" -> new AdaptiveByteBufAllocator(true);
            case "pooled" -> new PooledByteBufAllocator(true);
            case "unpooled" -> new UnpooledByteBufAllocator(true);
            default ->
                throw new IllegalArgumentException(
                        "unknown allocator: name=" + name + "; use leased, adaptive, pooled or unpooled");
        };
    }

    /// Uses buffers of all sizes in random order and releases them.
    static void pollute(ByteBufAllocator allocator, RandomGenerator random) {
        ByteBuf[] buffers = new ByteBuf[POLLUTION];
        for (int i = 0; i < POLLUTION * 16; i++) {
            int slot = random.nextInt(POLLUTION);
            if (buffers[slot] != null) {
                buffers[slot].release();
            }
            buffers[slot] = allocator.directBuffer(8 << random.nextInt(14));
        }
        for (ByteBuf buffer : buffers) {
            if (buffer != null) {
                buffer.release();
            }
        }
    }

    /// {@return the bytes that an allocator took from the system for direct buffers, by its own count}
    ///
    /// Leasehold counts committed memory, free or in use. Netty counts its chunks.
    public static long heldBytes(ByteBufAllocator allocator) {
        if (allocator instanceof LeasedByteBufAllocator leased) {
            return leased.metric().committedBytes();
        }
        return ((ByteBufAllocatorMetricProvider) allocator).metric().usedDirectMemory();
    }

    /// Closes an allocator if it can be closed, which proves that every buffer was released.
    ///
    /// @throws IllegalStateException if a buffer of Leasehold was not released
    public static void close(ByteBufAllocator allocator) {
        if (allocator instanceof LeasedByteBufAllocator leased) {
            leased.close();
        }
    }
}
