package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A ring loses no page wherever the Java heap or the stack is full.
class RingJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void noPageIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("netty.uring", "netty", "jumbo", "slab", "page", "memory")
                .withFirstCalls()
                .program(RingJavaFaultProgram.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("ring, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(20);
    }
}
