package io.leasehold.undertow;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// A close that finds too little stack frees its block later, because Undertow does not close a buffer again.
class BufferStackTest {

    @Test
    void noBufferIsLostOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("undertow", "slab.block", "slab", "page", "lease", "memory")
                .program(BufferStackProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }
}
