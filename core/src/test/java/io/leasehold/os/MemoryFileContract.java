package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.os.VirtualMemory.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Memory files of every [VirtualMemory] that can map.
interface MemoryFileContract extends VirtualMemoryFixture {

    /// An operation on a memory file and two reserved ranges of its size.
    @FunctionalInterface
    interface FileBody {
        void accept(int file, long first, long second);
    }

    default void withMemoryFile(int pageCount, FileBody body) {
        assumeCan(Capability.MAP);
        int file = memory().createMemory("leasehold test", pages(pageCount));
        try {
            withReserved(pageCount, first -> withReserved(pageCount, second -> body.accept(file, first, second)));
        } finally {
            memory().closeMemory(file);
        }
    }

    @Test
    default void twoMappingsOfOneFileSeeEachOther() {
        withMemoryFile(4, (file, first, second) -> {
            memory().map(first, pages(4), file, 0, Protection.READ_WRITE);
            memory().map(second, pages(2), file, pages(2), Protection.READ);
            assertThat(holds(first, pages(4), 0)).isTrue();
            write(first + pages(2), 7);
            assertThat(read(second)).isEqualTo((byte) 7);
        });
    }

    @Test
    default void mappingOutlivesItsDescriptor() {
        assumeCan(Capability.MAP);
        withReserved(1, address -> {
            int file = memory().createMemory("closed early", pages(1));
            memory().map(address, pages(1), file, 0, Protection.READ_WRITE);
            memory().closeMemory(file);
            write(address, 7);
            assertThat(read(address)).isEqualTo((byte) 7);
        });
    }

    @Test
    default void unmappedRangeReadsZeroAndTheFileKeepsItsBytes() {
        withMemoryFile(2, (file, address, _) -> {
            memory().map(address, pages(2), file, 0, Protection.READ_WRITE);
            fill(address, pages(2), 7);
            memory().unmap(address, pages(2));
            assertThat(holds(address, pages(2), 0)).isTrue();
            fill(address, pages(2), 8);
            memory().map(address, pages(2), file, 0, Protection.READ);
            assertThat(holds(address, pages(2), 7)).isTrue();
        });
    }

    @Test
    default void windowIsMovedOverTheFile() {
        withMemoryFile(8, (file, all, window) -> {
            memory().map(all, pages(8), file, 0, Protection.READ_WRITE);
            for (int page = 0; page < 8; page++) {
                write(all + pages(page), page);
            }
            for (int page = 7; page >= 0; page--) {
                memory().map(window, pages(1), file, pages(page), Protection.READ);
                assertThat(read(window)).isEqualTo((byte) page);
            }
        });
    }

    @Test
    default void decommittedFileReadsZeroThroughEveryMappingAndHasNoPages() {
        withMemoryFile(8, (file, first, second) -> {
            memory().map(first, pages(8), file, 0, Protection.READ_WRITE);
            memory().map(second, pages(8), file, 0, Protection.READ);
            fill(first, pages(8), 7);
            memory().decommit(Backing.MEMORY_FILE, first + pages(1), pages(6));
            // For pages that are not mapped here yet, the kernel reports whether the file has them in memory.
            assertThat(memory().residentBytes(second, pages(8))).isEqualTo(pages(2));
            for (long mapping : new long[] {first, second}) {
                assertThat(holds(mapping, pages(1), 7)).isTrue();
                assertThat(holds(mapping + pages(1), pages(6), 0)).isTrue();
                assertThat(holds(mapping + pages(7), pages(1), 7)).isTrue();
            }
            fill(first, pages(8), 8);
            assertThat(holds(second, pages(8), 8)).isTrue();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 1000, 3000})
    default void scatteredDecommitFreesPagesOfTheFile(int count) {
        withMemoryFile(2 * count, (file, address, _) -> {
            memory().map(address, pages(2 * count), file, 0, Protection.READ_WRITE);
            fill(address, pages(2 * count), 7);
            long[] addresses = new long[count];
            long[] byteSizes = new long[count];
            for (int i = 0; i < count; i++) {
                addresses[i] = address + pages(2 * i);
                byteSizes[i] = pages(1);
            }
            memory().decommit(Backing.MEMORY_FILE, addresses, byteSizes, count);
            long resident = memory().residentBytes(address, pages(2 * count));
            assertThat(resident).isEqualTo(pages(count));
            for (int i = 0; i < count; i++) {
                assertThat(holds(address + pages(2 * i), pages(1), 0)).isTrue();
                assertThat(holds(address + pages(2 * i + 1), pages(1), 7)).isTrue();
            }
        });
    }

    @Test
    default void touchBeyondTheEndOfTheFileIsAnInternalError() {
        assumeCan(Capability.MAP);
        int empty = memory().createMemory("empty", 0);
        withReserved(1, address -> {
            memory().map(address, pages(1), empty, 0, Protection.READ_WRITE);
            assertThatThrownBy(() -> read(address)).isInstanceOf(InternalError.class);
            assertThatThrownBy(() -> write(address, 1)).isInstanceOf(InternalError.class);
        });
        memory().closeMemory(empty);
    }

    @Test
    default void refusesToMapBadDescriptor() {
        assumeCan(Capability.MAP);
        withCommitted(1, address -> {
            fill(address, pages(1), 7);
            SystemCallException e = catchThrowableOfType(
                    SystemCallException.class, () -> memory().map(address, pages(1), -1, 0, Protection.READ));
            assertThat(e.call()).isEqualTo("mmap");
            assertThat(e.errno()).isEqualTo(Errno.EBADF);
            assertThat(e)
                    .hasMessage("mmap(address=0x%x, byteSize=%d, descriptor=-1, byteOffset=0, READ) failed: %s"
                            .formatted(address, pages(1), "EBADF (9, bad file descriptor)"));
            assertThat(holds(address, pages(1), 7)).isTrue();
        });
    }

    @Test
    default void refusesToCloseBadDescriptor() {
        assumeCan(Capability.MAP);
        assertThatThrownBy(() -> memory().closeMemory(-1))
                .isInstanceOf(SystemCallException.class)
                .hasMessage("close(descriptor=-1) failed: EBADF (9, bad file descriptor)");
    }
}
