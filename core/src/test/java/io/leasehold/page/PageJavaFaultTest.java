package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// An arena survives failures of the JVM at every allocation and every call: a full Java heap, a short stack.
class PageJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("page", "memory", "budget", "os")
                .withFirstCalls()
                .program(PageJavaFaultRandomWalk.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("page, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(100);
    }
}
