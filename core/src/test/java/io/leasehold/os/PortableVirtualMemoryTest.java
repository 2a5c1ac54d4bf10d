package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PortableVirtualMemoryTest
        implements VirtualMemoryContract, DecommitContract, MemoryFileContract, PreconditionContract {

    /// Space for the largest reservation of the contracts at its largest alignment.
    private static final long SEGMENT_BYTES = 8L << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment = arena.allocate(SEGMENT_BYTES, 4096);
    private final PortableVirtualMemory memory = new PortableVirtualMemory(segment);

    @AfterEach
    void closeArena() {
        memory.checkInvariants();
        arena.close();
    }

    @Override
    public VirtualMemory memory() {
        return memory;
    }

    @Override
    public MemorySegment space() {
        return segment;
    }

    @Test
    void hasNoCapability() {
        assertThat(Capability.values()).noneMatch(memory::can);
    }

    /// The memory of a process is mapped once, by the thread that needs it first.
    @Test
    void interruptedThreadMapsAllOfTheMemory() {
        Thread.currentThread().interrupt();
        PortableVirtualMemory mapped = PortableVirtualMemory.open(256L << 20);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(mapped.toString()).contains("segmentBytes=" + (256L << 20));
    }

    /// A temporary directory in memory may be full, or as small as a container allows.
    @Test
    void tmpfsWithTooLittleSpaceIsNotMapped() throws IOException {
        long mib = 1L << 20;
        assertThat(PortableVirtualMemory.sizeOnTmpfs(1_000 * mib, 100 * mib)).isEqualTo(100 * mib);
        assertThat(PortableVirtualMemory.sizeOnTmpfs(100 * mib, 1_000 * mib)).isEqualTo(100 * mib);
        assertThat(PortableVirtualMemory.sizeOnTmpfs(mib, mib)).isEqualTo(mib);
        assertThatThrownBy(() -> PortableVirtualMemory.sizeOnTmpfs(1_000 * mib, 8_192))
                .isInstanceOf(IOException.class)
                .hasMessage("too little space on tmpfs: free=8192, min=" + 64 * mib);
        assertThatThrownBy(() -> PortableVirtualMemory.sizeOnTmpfs(mib, 0)).isInstanceOf(IOException.class);
    }

    @Test
    void wholeSegmentIsReservedAgainAndAgain() {
        for (int i = 0; i < 3; i++) {
            long address = memory.reserve(SEGMENT_BYTES, memory.pageSize());
            assertThat(address).isEqualTo(segment.address());
            memory.release(address, SEGMENT_BYTES);
        }
    }

    @Test
    void refusalNamesTheRequestAndTheBytesLeft() {
        memory.reserve(pages(3), pages(1));
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> memory.reserve(SEGMENT_BYTES, pages(1)));
        assertThat(e)
                .hasMessage("reserve(byteSize=%d, byteAlignment=4096, bytesLeft=%d, segmentBytes=%d) failed: %s"
                        .formatted(
                                SEGMENT_BYTES, SEGMENT_BYTES - pages(3), SEGMENT_BYTES, "ENOMEM (12, out of memory)"));
    }

    @Test
    void releasedNeighboursBecomeOneRange() {
        long first = memory.reserve(pages(2), pages(1));
        long second = memory.reserve(pages(2), pages(1));
        long third = memory.reserve(SEGMENT_BYTES - pages(4), pages(1));
        memory.release(first, pages(2));
        memory.release(third, SEGMENT_BYTES - pages(4));
        memory.release(second, pages(2));
        assertThat(memory.reserve(SEGMENT_BYTES, pages(1))).isEqualTo(first);
    }

    @Test
    void releaseClearsOnlyCommittedPages() {
        long address = memory.reserve(pages(4), pages(1));
        memory.commit(address + pages(1), pages(1));
        fill(address, pages(4), 7);
        memory.release(address, pages(4));
        assertThat(holds(address + pages(1), pages(1), 0)).isTrue();
        assertThat(holds(address + pages(2), pages(2), 7)).isTrue();
    }

    @Test
    void refusesToReleaseTwice() {
        long address = memory.reserve(pages(2), pages(1));
        memory.release(address, pages(2));
        assertThatThrownBy(() -> memory.release(address, pages(2)))
                .isInstanceOf(SystemCallException.class)
                .hasMessageContaining("not reserved");
        assertThatThrownBy(() -> memory.commit(address, pages(1)))
                .isInstanceOf(SystemCallException.class)
                .hasMessageContaining("not reserved");
    }

    @Test
    void usesOnlyWholePagesOfItsSegment() {
        PortableVirtualMemory odd = new PortableVirtualMemory(segment.asSlice(1, pages(4)));
        long address = odd.reserve(pages(3), pages(1));
        assertThat(address).isEqualTo(segment.address() + pages(1));
        assertThatThrownBy(() -> odd.reserve(pages(1), pages(1))).isInstanceOf(SystemCallException.class);
        assertThatThrownBy(() -> new PortableVirtualMemory(segment.asSlice(1, pages(1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("segment holds no whole page: byteSize=4096");
    }

    @Test
    void openedMemoryHasTheRequestedSizeAndReadsZero() {
        PortableVirtualMemory opened = PortableVirtualMemory.open(1L << 30);
        MemorySegment all = opened.segment();
        assertThat(all.byteSize()).isEqualTo(1L << 30);
        long address = opened.reserve(1L << 30, opened.pageSize());
        for (long offset = 0; offset < all.byteSize(); offset += 16L << 20) {
            opened.commit(address + offset, opened.pageSize());
            assertThat(all.get(ValueLayout.JAVA_LONG, offset)).isZero();
            all.set(ValueLayout.JAVA_LONG, offset, ~offset);
            assertThat(all.get(ValueLayout.JAVA_LONG, offset)).isEqualTo(~offset);
        }
        opened.release(address, 1L << 30);
    }

    @Test
    void concurrentReservationsAreDisjointAndZero() throws Exception {
        List<Future<?>> runs = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                int mark = i + 1;
                runs.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(mark);
                    for (int round = 0; round < 2_000; round++) {
                        int pageCount = 1 + random.nextInt(16);
                        withCommitted(pageCount, address -> {
                            assertThat(holds(address, pages(1), 0)).isTrue();
                            fill(address, pages(1), mark);
                            assertThat(holds(address, pages(1), mark)).isTrue();
                        });
                    }
                }));
            }
        }
        for (Future<?> run : runs) {
            run.get();
        }
    }
}
