package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever is opened when the Java heap or the stack is full for a moment is open, or nothing of it is left. If the
/// Java heap stays full, closing what is half open can fail too, so that mode is not tested.
class OpeningJavaFaultTest {

    @ParameterizedTest
    @EnumSource(names = {"HEAP_ONCE", "STACK"})
    void nothingIsLeftOfWhatFailedToOpen(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("netty", "slab", "slab.block", "page", "lease", "memory", "jumbo", "window", "budget")
                .program(OpeningJavaFaultProgram.class)
                .accept(mode);
        long injected = JavaFaults.injected() - before;
        System.out.printf("opening, Java side: %s, injected=%,d%n", mode, injected);
        assertThat(injected).as("injected faults").isGreaterThan(200);
    }
}
