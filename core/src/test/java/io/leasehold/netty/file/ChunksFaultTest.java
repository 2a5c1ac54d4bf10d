package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// Chunks that cannot be made, because the Java heap is full, do not keep the file open.
class ChunksFaultTest {

    @Test
    void noHoldIsLostWhileTheJavaHeapIsFull() {
        long before = JavaFaults.injected();
        new FaultingClassLoader("netty.file").program(ChunksFaultProgram.class).accept(JavaFaults.Mode.HEAP_ONCE);
        assertThat(JavaFaults.injected()).isGreaterThan(before);
    }
}
