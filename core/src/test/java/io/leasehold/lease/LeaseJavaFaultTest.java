package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A pool survives failures of the JVM at every allocation and every call: a full Java heap, a short stack.
class LeaseJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
        long before = JavaFaults.injected();
        new FaultingClassLoader("lease", "page", "memory")
                .withFirstCalls()
                .program(LeaseJavaFaultRandomWalk.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("lease, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(100);
    }
}
