package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Portable memory survives a full Java heap and a short stack at every allocation and every call.
class PortableJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void releasedMemoryReadsZeroWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("os").program(PortableJavaFaultProgram.class).accept(mode);
        assertThat(JavaFaults.injected()).as("injected faults").isGreaterThan(before);
    }
}
