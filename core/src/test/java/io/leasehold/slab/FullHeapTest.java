package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

class FullHeapTest {

    /// Each attempt would make the JVM collect garbage twice.
    @Test
    void releaseAllocatesNothingShortlyAfterTheJavaHeapWasFull() {
        long before = JavaFaults.injected();
        new FaultingClassLoader("slab", "memory").program(FullHeapProgram.class).accept(JavaFaults.Mode.HEAP_FULL);
        assertThat(JavaFaults.injected()).as("vain allocations").isEqualTo(before);
    }
}
