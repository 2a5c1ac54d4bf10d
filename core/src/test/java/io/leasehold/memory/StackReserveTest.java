package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What passes the check of the stack at its last possible place has the space that the check stands for.
class StackReserveTest {

    private static final long STACK_BYTES = 1 << 20;

    /// Calls that a change of one layer makes, each with a frame of 150 bytes in the interpreter.
    private static final int CALLS = 16;

    private int passed;
    private int interrupted;

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "3, 0", "4, 0", "1, 200000", "2, 200000", "3, 200000", "4, 200000"})
    void aCheckedChangeMeetsNoOverflow(int layers, int calls) throws InterruptedException {
        for (int i = 0; i < calls; i++) {
            StackReserve.ensure(layers);
        }

        Thread thread = new Thread(null, () -> fill(layers), "filled stack", STACK_BYTES);
        thread.start();
        thread.join();

        assertThat(passed).as("checks that passed").isPositive();
        assertThat(interrupted).as("changes that met an overflow").isZero();
    }

    private void fill(int layers) {
        try {
            descend(layers);
        } catch (StackOverflowError e) {
            // the stack is full
        }
    }

    @SuppressWarnings("InfiniteRecursion") // ends when the stack is full
    private void descend(int layers) {
        StackReserve.ensure(layers);
        passed++;
        boolean isDone = false;
        try {
            change(layers, CALLS, 1, 2, 3);
            isDone = true;
        } finally {
            interrupted += isDone ? 0 : 1;
        }
        descend(layers);
    }

    /// A change of a layer that makes some calls, and then calls a change of the layer below, which checks the stack.
    private static long change(int layers, int calls, long a, long b, long c) {
        if (calls > 0) {
            return change(layers, calls - 1, b, c, a) + (a ^ b ^ c);
        }
        if (layers > 1) {
            StackReserve.ensure(layers - 1);
            return change(layers - 1, CALLS, a, b, c);
        }
        return a;
    }
}
