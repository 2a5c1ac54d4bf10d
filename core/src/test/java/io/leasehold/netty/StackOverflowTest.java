package io.leasehold.netty;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// A sampled buffer can be released on a stack that is nearly full, like any other. The rest of the release is done
/// later. A caller that releases its buffers in a `finally` block would lose the buffer otherwise. An allocation that
/// overflows the stack leaves no buffer in use.
class StackOverflowTest {

    @Test
    void noSampledBufferIsLostOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("netty", "slab", "page", "lease", "memory", "holder")
                .program(StackOverflowProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }
}
