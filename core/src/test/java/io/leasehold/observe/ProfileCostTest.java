package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A buffer that is not sampled allocates nothing on the Java heap.
final class ProfileCostTest {

    private static final int USES = 200_000;
    private static final int BATCH = 100;
    private static final int ROUNDS = 20;

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long sampleBytes = Profile.sampleBytes();
    private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();

    @BeforeEach
    void neverSample() {
        Profile.sampleBytes(1L << 40); // on, but rarer than once in a test
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }

    @AfterEach
    void restore() {
        Profile.sampleBytes(sampleBytes);
        ResourceLeakDetector.setLevel(level);
    }

    @Test
    void unsampledBufferAllocatesNothing() {
        assertThat(leastBytesPerUse(ProfileCostTest::use))
                .as("bytes for each use")
                .isZero();
    }

    @Test
    void unsampledBufferWithTagAllocatesNothing() {
        assertThat(leastBytesPerUse(ProfileCostTest::useTagged))
                .as("bytes for each use")
                .isZero();
    }

    /// {@return the Java heap that one use takes, in bytes, once the code is compiled} One object takes 16 bytes at
    /// least.
    private long leastBytesPerUse(Consumer<LeasedByteBufAllocator> uses) {
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("cost").byteLimit(8 << 20).build()) {
            long least = Long.MAX_VALUE;
            for (int i = 0; i < ROUNDS && least > 0; i++) {
                long before = thread.getCurrentThreadAllocatedBytes();
                uses.accept(allocator);
                least = Math.min(least, (thread.getCurrentThreadAllocatedBytes() - before) / USES);
            }
            assertThat(Profile.of("cost").holders()).isEmpty();
            return least;
        }
    }

    /// Uses buffers of several sizes under two tags in turn, so that no lookup can repeat the one before it.
    private static void useTagged(LeasedByteBufAllocator allocator) {
        for (int i = 0; i < USES / BATCH; i++) {
            try (Holder _ = Holder.tag(i % 2 == 0 ? "cost-even" : "cost-odd")) {
                for (int j = 0; j < BATCH; j++) {
                    allocator.directBuffer(256 << (j & 3)).release();
                }
            }
        }
    }

    private static void use(LeasedByteBufAllocator allocator) {
        for (int i = 0; i < USES; i++) {
            allocator.directBuffer(1024).release();
        }
    }
}
