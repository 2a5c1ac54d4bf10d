package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The file of a source is closed after its last hold was dropped, wherever the JVM fails: on a stack that is nearly
/// full, or with a full Java heap.
class SourceFaultTest {

    @ParameterizedTest
    @EnumSource
    void noFileStaysOpenWhereverTheJvmFails(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("netty.file", "netty", "window", "memory")
                .program(SourceFaultProgram.class)
                .accept(mode);
        assertThat(JavaFaults.injected() - before).isGreaterThan(50);
    }
}
