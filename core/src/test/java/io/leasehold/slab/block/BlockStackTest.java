package io.leasehold.slab.block;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// A block whose close finds too little stack stays open, and can be closed on a shorter stack.
class BlockStackTest {

    @Test
    void noBlockIsLostOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("slab.block", "slab", "page", "lease", "memory")
                .program(BlockStackProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }
}
