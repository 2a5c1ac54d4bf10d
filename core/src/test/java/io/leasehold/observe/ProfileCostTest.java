package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.leasehold.netty.LeasedByteBufAllocator;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A buffer that is not sampled allocates nothing on the Java heap.
final class ProfileCostTest {

    private static final int USES = 200_000;

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long sampleBytes = Profile.sampleBytes();

    @AfterEach
    void restore() {
        Profile.sampleBytes(sampleBytes);
    }

    @Test
    void unsampledBufferAllocatesNothing() {
        Profile.sampleBytes(1L << 40); // on, but rarer than once in this test
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("cost").byteLimit(8 << 20).build()) {
            use(allocator); // warm up
            long before = thread.getCurrentThreadAllocatedBytes();
            use(allocator);
            long perUse = (thread.getCurrentThreadAllocatedBytes() - before) / USES;
            assertThat(perUse).as("bytes for each use").isZero(); // one object would be 16 bytes at least
            assertThat(Profile.of("cost").holders()).isEmpty();
        }
    }

    private static void use(LeasedByteBufAllocator allocator) {
        for (int i = 0; i < USES; i++) {
            allocator.directBuffer(1024).release();
        }
    }
}
