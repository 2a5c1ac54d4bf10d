package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
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
}
