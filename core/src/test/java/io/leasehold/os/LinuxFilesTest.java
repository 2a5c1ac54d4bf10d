package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files.Access;
import io.leasehold.os.Files.Capability;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Protection;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract on Linux, and files under mappings.
@Tag("os")
class LinuxFilesTest implements NativeFixture, FilesContract {

    @TempDir
    Path folder;

    @Override
    public VirtualMemory memory() {
        return VirtualMemory.system();
    }

    @Override
    public Files files() {
        return Files.system();
    }

    @Override
    public Path folder() {
        return folder;
    }

    @Test
    void hasEveryCapability() {
        for (Capability capability : Capability.values()) {
            assertThat(files().can(capability)).isTrue();
        }
    }

    @Test
    void reservedBlocksAreThere() {
        with(fileOf(), Access.READ_WRITE, file -> {
            SystemCallException e =
                    catchThrowableOfType(SystemCallException.class, () -> files().allocate(file, 0, 1L << 60));
            assertThat(e.errno()).isIn(Errno.EFBIG, Errno.ENOSPC);
            assertThat(e)
                    .hasMessageContaining("fallocate(descriptor=" + file + ", byteOffset=0, byteSize=" + (1L << 60));
        });
    }

    @Test
    void mappedFileIsCoherentAndSurvivesItsDescriptor() {
        withReserved(2, address -> {
            with(fileOf(new byte[(int) pages(1)]), Access.READ_WRITE, file -> {
                memory().map(address, pages(2), file, 0, Protection.READ_WRITE);
                write(file, 3, new byte[] {5});
                assertThat(read(address + 3)).isEqualTo((byte) 5);
                write(address + 4, 6);
                assertThat(read(file, 3, 2)).containsExactly(5, 6);
                memory().decommit(
                                Backing.FILE,
                                new long[] {address, address + pages(1)},
                                new long[] {pages(1), pages(1)},
                                2);
                assertThat(read(address + 4)).isEqualTo((byte) 6);
            });
            assertThat(read(address + 4)).isEqualTo((byte) 6);
        });
    }

    @Test
    void growthIsSeenInAMappingThatReachedPastTheEnd() {
        withReserved(
                2,
                address -> with(fileOf((byte) 1), Access.READ_WRITE, file -> {
                    memory().map(address, pages(2), file, 0, Protection.READ);
                    write(file, pages(1), new byte[] {7});
                    assertThat(read(address + pages(1))).isEqualTo((byte) 7);
                }));
    }

    @Test
    void faultOfATruncatedFileIsThrownAtThePollAndNotLater() {
        withReserved(
                1,
                address -> with(fileOf(new byte[(int) pages(1)]), Access.READ_WRITE, file -> {
                    memory().map(address, pages(1), file, 0, Protection.READ);
                    MemorySegment mapped = space().asSlice(address, pages(1));
                    byte[] to = new byte[(int) pages(1)];
                    for (int i = 0; i < 20_000; i++) {
                        assertThat(isFaulty(mapped, to, FaultPoll::poll)).isFalse();
                        assertThat(isFaulty(mapped, to, LinuxCall::poll)).isFalse();
                    }
                    files().truncate(file, 0);
                    for (int i = 0; i < 2_000; i++) {
                        assertThat(isFaulty(mapped, to, FaultPoll::poll)).isTrue();
                        assertThat(isFaulty(mapped, to, LinuxCall::poll)).isTrue();
                    }
                }));
    }

    @Test
    void readIntoATruncatedMappingIsAnErrorAndNoCrash() {
        withReserved(
                1,
                address -> with(fileOf(new byte[(int) pages(1)]), Access.READ_WRITE, file -> {
                    memory().map(address, pages(1), file, 0, Protection.READ_WRITE);
                    files().truncate(file, 0);
                    with(fileOf((byte) 1), Access.READ, other -> {
                        SystemCallException e = catchThrowableOfType(
                                SystemCallException.class, () -> files().read(other, space().asSlice(address, 1), 0));
                        assertThat(e.errno()).isEqualTo(Errno.EFAULT);
                    });
                }));
    }

    private static boolean isFaulty(MemorySegment from, byte[] to, Runnable poll) {
        try {
            MemorySegment.copy(from, 0, MemorySegment.ofArray(to), 0, to.length);
            poll.run();
            return false;
        } catch (InternalError e) {
            return true;
        }
    }
}
