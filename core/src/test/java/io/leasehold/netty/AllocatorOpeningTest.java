package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.memory.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// An allocator that cannot be opened says why, tries again after a second by a clock of the test, and costs nothing in
/// between.
class AllocatorOpeningTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 10); // wraps around within the test
    private final MemoryBudget budget = MemoryBudget.of("opening", 8 << 20);
    private final LeasedByteBufAllocatorBuilder terms =
            LeasedByteBufAllocator.builder().name("late");

    @Test
    void failureIsRememberedForASecond() {
        PageArena closed = arena();
        terms.arena(closed);
        closed.close();
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(terms, now::get, false);
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
        assertThat(allocator.metric().usedBytes()).isZero();
        assertThat(allocator.trim()).isZero();
        try (PageArena open = arena()) {
            terms.arena(open);
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

    @Test
    void allocatorClosedBeforeItWasOpenedStaysClosed() {
        LeasedByteBufAllocator allocator = new LeasedByteBufAllocator(terms, now::get, false);
        allocator.close();
        assertThat(refusal(allocator))
                .hasMessageContaining("the allocator is closed")
                .hasNoCause();
    }

    private PageArena arena() {
        return PageArena.open(PageArenaOptions.defaults().withByteSize(1 << 20).withBudget(budget));
    }

    private static BufferMemoryError refusal(LeasedByteBufAllocator allocator) {
        return catchThrowableOfType(BufferMemoryError.class, () -> allocator.directBuffer(100));
    }
}
