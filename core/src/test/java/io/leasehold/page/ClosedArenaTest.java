package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("os")
class ClosedArenaTest {

    /// A gauge of a program may read the numbers of an arena long after the arena was closed.
    @Test
    void numbersCanBeReadAfterTheAddressSpaceIsGone() throws IOException, InterruptedException {
        TestMemory.require(VirtualMemory.system(), Capability.RESIDENCY);
        ForkedProgram program = ForkedProgram.of(ClosedArenaProgram.class).run();
        assertThat(program.hasCrashed()).as(program.output()).isFalse();
        assertThat(program.exitCode()).as(program.output()).isZero();
        assertThat(program.value("longest")).isEqualTo("0");
        assertThat(program.value("committed")).isEqualTo("0");
        assertThat(program.value("resident")).isEqualTo("0");
        assertThat(program.value("trimmed")).isEqualTo("0");
    }
}
