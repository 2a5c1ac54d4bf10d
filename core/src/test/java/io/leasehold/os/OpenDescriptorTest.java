package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("os")
class OpenDescriptorTest {

    private final VirtualMemory memory = VirtualMemory.system();

    @BeforeAll
    static void skipWithoutNativeCalls() {
        NativeFixture.skipWithoutNativeMemory();
    }

    @Test
    void staysOpenUntilTheLastUseEnds() {
        int number = memory.createMemory("descriptor", 0);
        OpenDescriptor descriptor = new OpenDescriptor(number);
        assertThat(descriptor.tryEnter()).isTrue();
        assertThat(descriptor.tryEnter()).isTrue();
        descriptor.close();
        assertThat(descriptor.isClosed()).isTrue();
        assertThat(descriptor.tryEnter()).isFalse();
        descriptor.leave();
        assertThat(isOpen(number, "descriptor")).isTrue();
        descriptor.leave();
        assertThat(isOpen(number, "descriptor")).isFalse();
    }

    @Test
    void closingTwiceLeavesTheNextOwnerOfTheNumberAlone() {
        int number = memory.createMemory("descriptor", 0);
        OpenDescriptor descriptor = new OpenDescriptor(number);
        descriptor.close();
        // The kernel gives the smallest free number, so this is the same one, unless the JVM has opened a file in the
        // meantime.
        int other = memory.createMemory("other", 0);
        descriptor.close();
        assertThat(isOpen(other, "other")).isTrue();
        memory.closeMemory(other);
    }

    @Test
    void unknownDescriptorIsAnError() {
        OpenDescriptor descriptor = new OpenDescriptor(1_000_000);
        assertThatThrownBy(descriptor::close)
                .isInstanceOf(SystemCallException.class)
                .hasMessage("close(descriptor=1000000) failed: EBADF (9, bad file descriptor)");
        assertThat(descriptor.isClosed()).isTrue();
    }

    /// {@return true if a descriptor refers to the memory file of this name; its number may belong to another file by
    /// now}
    private static boolean isOpen(int number, String name) {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + number));
            return target.toString().contains("memfd:" + name);
        } catch (IOException e) {
            return false;
        }
    }
}
