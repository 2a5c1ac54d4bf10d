package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.ForkedJvm;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// An allocator that cannot be opened reports the reason, and tries again after one second by the clock of the test.
/// Requests within that second make no system call.
class AllocatorOpeningTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 10); // wraps around within the test
    private final MemoryBudget budget = MemoryBudget.of("opening", 8 << 20);
    private final LeasedByteBufAllocatorBuilder builder =
            LeasedByteBufAllocator.builder().name("late");

    @Test
    void failureIsRememberedForASecond() {
        PageArena closed = arena();
        builder.arena(closed);
        closed.close();
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(builder, now::get, false);
        BufferMemoryError first = refusal(allocator);
        assertThat(first)
                .hasMessageStartingWith("no memory for a direct buffer, the allocator cannot be opened: allocator=late,"
                        + " request=100 B, cause=");
        now.addAndGet(RememberedFailure.NANOS - 1);
        assertThat(refusal(allocator).getCause()).isSameAs(first.getCause());
        assertThatThrownBy(() -> allocator.heapBuffer(1)).hasCause(first.getCause());
        assertThatThrownBy(allocator::arena)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("allocator could not be opened: allocator=late")
                .hasCause(first.getCause());
        now.addAndGet(1);
        assertThat(refusal(allocator).getCause()).isNotSameAs(first.getCause());
        assertThat(allocator.metric().usedDirectMemory()).isZero();
        assertThat(allocator.trim()).isZero();
        try (PageArena open = arena()) {
            builder.arena(open);
            assertThat(refusal(allocator).getCause()).isInstanceOf(IllegalStateException.class);
            now.addAndGet(RememberedFailure.NANOS);
            allocator.directBuffer(100).release();
            allocator.close();
        }
        assertThatThrownBy(() -> allocator.directBuffer(100))
                .isInstanceOf(BufferMemoryError.class)
                .hasMessageContaining("the allocator is closed")
                .hasNoCause();
    }

    /// Event loops that all wait for the same failing system calls must not repeat them one after the other.
    @Test
    void threadsThatWaitedForAnOpeningThatFailedDoNotTryAgain() throws Exception {
        PageArena closed = arena();
        builder.arena(closed);
        closed.close();
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(builder, now::get, false);
        Queue<BufferMemoryError> errors = new ConcurrentLinkedQueue<>();
        List<Thread> waiting = new ArrayList<>();
        BufferMemoryError first;
        synchronized (allocator.lazyHeaps) {
            for (int i = 0; i < 8; i++) {
                waiting.add(Thread.ofPlatform().start(() -> errors.add(refusal(allocator))));
            }
            Eventually.holds(
                    "all threads wait",
                    () -> waiting.stream().allMatch(thread -> thread.getState() == Thread.State.BLOCKED));
            first = refusal(allocator);
        }
        for (Thread thread : waiting) {
            thread.join();
        }
        assertThat(errors).hasSize(8);
        assertThat(errors).allSatisfy(error -> assertThat(error.getCause()).isSameAs(first.getCause()));
    }

    @Test
    void warmUpOpensTheHeapsAndKeepsNoBuffer() {
        try (PageArena arena = arena();
                LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(builder.arena(arena), now::get, false)) {
            allocator.warmUp();
            assertThat(allocator.heapsIfOpen()).isNotNull();
            BufferHeaps open = allocator.heaps();
            assertThat(open.direct.stats().heldBytes()).isPositive();
            assertThat(open.onHeap.stats().heldBytes()).isPositive();
            assertThat(open.direct.stats().liveBlocks() + open.onHeap.stats().liveBlocks())
                    .isZero();
            allocator.warmUp();
            assertThat(allocator.heapsIfOpen()).isSameAs(open);
        }
    }

    @Test
    void warmUpOfAnAllocatorThatCannotBeOpenedFailsAsABufferDoes() {
        PageArena closed = arena();
        builder.arena(closed);
        closed.close();
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(builder, now::get, false);
        assertThatThrownBy(allocator::warmUp)
                .isInstanceOf(BufferMemoryError.class)
                .hasMessageContaining("the allocator cannot be opened: allocator=late");
    }

    @Test
    void allocatorClosedBeforeItWasOpenedStaysClosed() {
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(builder, now::get, false);
        allocator.close();
        assertThat(refusal(allocator))
                .hasMessageContaining("the allocator is closed")
                .hasNoCause();
    }

    @Test
    void explicitLimitDependsOnNoOther() {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("explicit")
                .byteLimit(1 << 20)
                .build()) {
            allocator.directBuffer(100).release();
            assertThat(MemoryBudget.process().report()).doesNotContain("explicit");
            assertThat(allocator.heaps().charged.byteLimit()).isEqualTo(1 << 20);
        }
    }

    /// The maximum Java heap may be larger than the machine. Then no memory is left for a default limit.
    @Test
    void defaultFallsBackWhereTheHeapLeavesNoRoomAndSaysSoOnce() throws Exception {
        long heapMib = 2 * (VirtualMemory.system().memoryLimit() >> 20);
        ForkedJvm forked = ForkedJvm.run(
                List.of(
                        ForkedJvm.rootOf(AllocatorOpeningTest.class),
                        ForkedJvm.rootOf(PageArena.class),
                        ForkedJvm.rootOf(ByteBuf.class),
                        ForkedJvm.rootOf(ResourceLeakDetector.class)),
                AllocatorOpeningTest.class,
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx" + heapMib + "m");
        assertThat(forked.output()).contains("explicit=16777216", "default=16777216");
        assertThat(forked.output().split("default allocator falls back", -1))
                .as(forked.output())
                .hasSize(2);
        assertThat(forked.exitCode()).as(forked.output()).isZero();
    }

    /// Runs in a JVM whose memory limit leaves no memory for a default limit.
    public static void main(String[] args) {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("explicit")
                .byteLimit(16 << 20)
                .build()) {
            allocator.directBuffer(100).release();
            System.out.println("explicit=" + allocator.heaps().charged.byteLimit());
        }
        LeasedByteBufAllocator.DEFAULT.directBuffer(100).release();
        System.out.println(
                "default=" + LeasedByteBufAllocator.DEFAULT.heaps().charged.byteLimit());
    }

    private PageArena arena() {
        return PageArena.open(
                PageArenaOptions.builder().byteSize(1 << 20).budget(budget).build());
    }

    private static BufferMemoryError refusal(LeasedByteBufAllocator allocator) {
        return catchThrowableOfType(BufferMemoryError.class, () -> allocator.directBuffer(100));
    }
}
