package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A cache survives failures of the Java side at every allocation and every call: a full Java heap, a short stack.
class WindowJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("window", "page", "lease", "memory")
                .withFirstCalls()
                .program(WindowJavaFaultRandomWalk.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("window, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(200);
    }
}
