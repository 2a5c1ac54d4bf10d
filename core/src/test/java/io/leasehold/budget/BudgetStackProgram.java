package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.JavaFaults;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Reserves and releases bytes in a tree of budgets, each time on a stack with space for one frame more.
///
/// **Threads.** Confined to one thread.
final class BudgetStackProgram implements Consumer<JavaFaults.Mode> {

    private static final int MAX_FRAMES = 200; // more than a reservation uses
    private static final long BYTES = 150;

    private final AtomicInteger crossings = new AtomicInteger();
    private final MemoryBudget top = MemoryBudget.of(
            BudgetOptions.of("top", 1_000).withSoftByteLimit(100).withListener(new BudgetListener() {
                @Override
                public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
                    crossings.incrementAndGet();
                }
            }));
    private final MemoryBudget child = top.child("child", 1_000);

    @Override
    public void accept(JavaFaults.Mode mode) {
        for (int frames = 0; frames < MAX_FRAMES; frames++) {
            boolean isReserved = isDone(mode, frames, () -> child.tryReserve(BYTES));
            check(isReserved ? BYTES : 0, frames);
            if (!isReserved) {
                assertThat(child.tryReserve(BYTES)).isTrue();
            }
            boolean isReleased = isDone(mode, frames, () -> {
                child.release(BYTES);
                return true;
            });
            check(isReleased ? 0 : BYTES, frames);
            if (!isReleased) {
                child.release(BYTES);
            }
            int before = crossings.get();
            assertThat(child.tryReserve(BYTES)).isTrue();
            child.release(BYTES);
            assertThat(crossings.get())
                    .as("calls of the listener after %d frames", frames)
                    .isGreaterThan(before);
        }
        child.close();
        top.close();
    }

    /// {@return false if the stack overflowed, or what the step returns}
    private static boolean isDone(JavaFaults.Mode mode, int frames, BooleanSupplier step) {
        JavaFaults.arm(mode, frames + 1);
        try {
            return step.getAsBoolean();
        } catch (StackOverflowError e) {
            return false;
        } finally {
            JavaFaults.disarm();
        }
    }

    private void check(long expected, int frames) {
        assertThat(child.usedBytes()).as("child, %d frames", frames).isEqualTo(expected);
        assertThat(top.usedBytes()).as("top, %d frames", frames).isEqualTo(expected);
    }
}
