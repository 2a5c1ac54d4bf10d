package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Linux if the kernel refuses process_madvise(2) on this process.
@Tag("os")
class SingleRangeLinuxVirtualMemoryTest implements NativeFixture, DecommitContract, MemoryFileContract {

    private final VirtualMemory memory = new LinuxVirtualMemory(LinuxAdvice.ofSingleRanges());

    @Override
    public VirtualMemory memory() {
        return memory;
    }

    @Test
    void saysThatItHasNoBatches() {
        assertThat(memory).asString().contains("batches=false");
    }
}
