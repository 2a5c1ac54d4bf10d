package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Random steps of an allocator. Each step meets every possible failure of the JVM.
///
/// A step that fails has either changed nothing or is complete. After it no buffer is lost, and the next step works.
/// The count of a buffer tells which of the two cases holds.
///
/// **Threads.** Confined to one thread.
final class AllocatorJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 4_000 : 110;
    private static final int PAGE = 4096;
    private static final int[] SIZES = {16, 300, 5_000, 40_000, 100_000, 300_000};
    private static final Duration DECAY = Duration.ofSeconds(8);

    private final SplittableRandom random = Seeds.random("AllocatorJavaFaultRandomWalk");
    private final MemoryBudget budget = MemoryBudget.of("faulty", 20L << 20);
    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(10_000));
    private final PageArena arena = PageArenas.open(
            PageArenaOptions.builder()
                    .name("faulty")
                    .pageByteSize(Math.max(4096, VirtualMemory.system().pageSize()))
                    .byteSize(48 << 20)
                    .decay(DECAY)
                    .budget(budget)
                    .build(),
            reservations);
    private final List<ByteBuf> buffers = new ArrayList<>();
    private LeasedByteBufAllocator allocator = open();
    private FaultedSteps steps = new FaultedSteps(JavaFaults.Mode.HEAP_ONCE, this::check);
    private long now;

    @Override
    public void accept(JavaFaults.Mode mode) {
        Level before = ResourceLeakDetector.getLevel();
        steps = new FaultedSteps(mode, this::check);
        for (int size : SIZES) { // faults come after the first buffers
            allocator.directBuffer(size).release();
            allocator.heapBuffer(size).release();
        }
        try {
            for (int i = 0; i < STEPS; i++) {
                step();
            }
            while (!buffers.isEmpty()) {
                release();
            }
            close();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
        arena.close();
        assertThat(budget.usedBytes()).as("bytes left").isZero();
        reservations.releaseRetained();
    }

    private LeasedByteBufAllocator open() {
        return LeasedByteBufAllocator.builder()
                .name("faulty")
                .arena(arena)
                .zeroing(true)
                .build();
    }

    private void step() {
        int dice = random.nextInt(63);
        if (dice < 24 || buffers.isEmpty()) {
            allocate(dice % 3 == 0, SIZES[random.nextInt(SIZES.length)] + random.nextInt(8));
        } else if (dice < 44) {
            release();
        } else if (dice < 50) {
            grow();
        } else if (dice < 53) {
            gather();
        } else if (dice < 55) {
            steps.run("trim", allocator::trim);
        } else if (dice < 57) {
            steps.run("decay", () -> PageArenas.step(arena, now += DECAY.toNanos() / 4));
        } else if (dice < 59) {
            ResourceLeakDetector.setLevel(random.nextBoolean() ? Level.PARANOID : Level.DISABLED);
        } else if (dice < 62) {
            wrap();
        } else {
            reopen();
        }
    }

    private void allocate(boolean isOnHeap, int byteSize) {
        int count = buffers.size();
        steps.run("allocate " + byteSize, () -> {
            if (buffers.size() == count) {
                buffers.add(isOnHeap ? allocator.heapBuffer(byteSize) : allocator.directBuffer(byteSize));
            }
        });
        fill(buffers.getLast());
    }

    @SuppressWarnings("ReferenceEquality") // equal buffers are not the same
    private void release() {
        ByteBuf buf = buffers.get(random.nextInt(buffers.size()));
        checkContent(buf);
        steps.run("release " + buf.capacity(), () -> {
            if (buf.refCnt() > 0) {
                buf.release();
            }
        });
        buffers.removeIf(other -> other == buf);
    }

    private void grow() {
        ByteBuf buf = buffers.get(random.nextInt(buffers.size()));
        int larger = buf.capacity() + 1 + random.nextInt(200_000);
        steps.run("grow to " + larger, () -> buf.capacity(larger));
        assertThat(buf.capacity()).isEqualTo(larger);
        checkContent(buf);
        for (int i = buf.writerIndex(); i < larger; i += 97) {
            assertThat(buf.getByte(i)).as("zeroed at %d", i).isZero();
        }
        fill(buf);
    }

    /// Adds two buffers to a composite buffer, and releases it.
    private void gather() {
        if (buffers.size() < 2) {
            return;
        }
        CompositeByteBuf all = allocator.compositeBuffer();
        all.addComponent(true, buffers.getLast().retain());
        all.addComponent(true, buffers.getFirst().retain());
        steps.run("read a composite", () -> all.getByte(all.writerIndex() - 1));
        all.release();
    }

    /// Wraps memory of another owner, and releases the buffer.
    private void wrap() {
        long page = arena.tryAllocate();
        if (page == PageArena.NO_PAGE) {
            return;
        }
        List<Long> returned = new ArrayList<>();
        ExternalMemory external =
                ExternalMemory.of(allocator, returned::add, arena.frames().address(page), PAGE);
        ByteBuf[] wrapped = new ByteBuf[1];
        steps.run("wrap", () -> {
            if (wrapped[0] == null) {
                wrapped[0] = external.wrap(7, 100, PAGE);
            }
            assertThat(returned).as("handles that came back too early").isEmpty();
        });
        ByteBuf buf = wrapped[0];
        buf.writeLong(5);
        steps.run("release a wrapped buffer", () -> {
            if (buf.refCnt() > 0) {
                buf.release();
            }
        });
        assertThat(returned).as("handles that came back").containsExactly(7L);
        arena.free(page);
    }

    private void reopen() {
        while (!buffers.isEmpty()) {
            buffers.removeLast().release();
        }
        close();
        allocator = open();
    }

    private void close() {
        boolean isForced = random.nextBoolean();
        steps.run("close", () -> {
            if (isForced) {
                allocator.closeForcibly();
            } else {
                allocator.close();
            }
        });
        allocator.close();
        assertThat(arena.stats().livePages()).as("%s", arena.stats()).isZero();
    }

    private static void fill(ByteBuf buf) {
        buf.clear();
        int step = Math.max(1, buf.capacity() / 64);
        for (int i = 0; i < buf.capacity(); i += step) {
            buf.setByte(i, i / step);
        }
        buf.writerIndex(buf.capacity());
    }

    private static void checkContent(ByteBuf buf) {
        int step = Math.max(1, buf.writerIndex() / 64);
        for (int i = 0; i < buf.writerIndex(); i += step) {
            assertThat(buf.getByte(i)).as("byte at %d of %s", i, buf).isEqualTo((byte) (i / step));
        }
    }

    private void check() {
        PageArenas.checkInvariants(arena);
        long held = buffers.stream().filter(buf -> buf.refCnt() > 0).count();
        assertThat(allocator.metric().pinnedBuffers()).as("buffers in use").isEqualTo(held);
    }
}
