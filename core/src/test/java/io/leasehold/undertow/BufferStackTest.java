package io.leasehold.undertow;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// A buffer whose close finds too little stack stays open, and can be closed on a shorter stack.
class BufferStackTest {

    @Test
    void noBufferIsLostOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("undertow", "slab.block", "slab", "page", "lease", "memory")
                .program(BufferStackProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }
}
