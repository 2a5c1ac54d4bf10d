package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A pool survives failures of the JVM at every allocation and every call: a full Java heap, a short stack.
class JumboJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("jumbo", "page", "lease", "memory")
                .withFirstCalls()
                .program(JumboJavaFaultRandomWalk.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("jumbo, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(100);
    }

    /// A pool that is closed by force in use gives back each slab when its last page is released.
    @ParameterizedTest
    @EnumSource
    void forcedCloseLosesNothingWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        new FaultingClassLoader("jumbo", "page", "lease", "memory")
                .withFirstCalls()
                .program(JumboForcedCloses.class)
                .accept(mode);
    }

    /// The kernel fails as well, when a slab could not be added. A short stack is noticed before the slab is allocated.
    @ParameterizedTest
    @EnumSource(names = {"HEAP_ONCE", "HEAP_FULL"})
    void runThatIsNotUnlockedIsUsedAgainOrComesBack(JavaFaults.Mode mode) {
        TestMemory.require(VirtualMemory.system(), Capability.LOCK);
        new FaultingClassLoader("jumbo", "page", "lease", "memory", "os", "error")
                .withFirstCalls()
                .program(JumboSpareRun.class)
                .accept(mode);
    }
}
