package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A heap survives failures of the Java side at every allocation and every call: a full Java heap, and a short stack.
class SlabJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("slab", "page", "lease", "memory")
                .withFirstCalls()
                .program(SlabJavaFaultRandomWalk.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("slab, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(500);
    }

    /// The kernel fails as well, when a slab could not be added. A short stack is noticed before the run is allocated.
    @ParameterizedTest
    @EnumSource(names = {"HEAP_ONCE", "HEAP_FULL"})
    void runThatIsNotUnlockedIsFreedLater(JavaFaults.Mode mode) {
        TestMemory.require(VirtualMemory.system(), Capability.LOCK);
        new FaultingClassLoader("slab", "page", "lease", "memory", "os", "error")
                .withFirstCalls()
                .program(SlabGivenUpRuns.class)
                .accept(mode);
    }
}
