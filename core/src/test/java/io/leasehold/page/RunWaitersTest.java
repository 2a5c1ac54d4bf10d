package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.ShortLock;
import io.leasehold.page.RunWaiters.Waiter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunWaitersTest {

    private static final int STEPS = 3_000;

    private final ShortLock lock = new ShortLock();
    private final RunWaiters waiters = new RunWaiters(lock);

    @ParameterizedTest
    @ValueSource(ints = {10, 1_000})
    void equalRequestsThatCannotBeServedAreTriedOnce(int n) {
        lock.lock();
        for (int i = 0; i < n; i++) {
            waiters.add(8, 8, 0);
            waiters.add(4, 4, 0);
        }
        int[] tries = new int[1];
        waiters.serve((pageCount, align) -> {
            tries[0]++;
            return FreeMap.NONE;
        });
        lock.unlock();
        assertThat(tries[0]).isEqualTo(2);
    }

    /// The model is a list, and serving visits every waiter. A request is granted if its pages are there, and if an
    /// aligned one meets the random number of the round.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void waitersAreServedInTheOrderOfTheirArrival(long seed) {
        Random random = new Random(seed);
        List<Request> queue = new ArrayList<>();
        lock.lock();
        for (int step = 0; step < STEPS; step++) {
            int dice = random.nextInt(10);
            if (dice < 5) {
                int align = 1 << random.nextInt(2);
                queue.add(new Request(waiters.add(1 + random.nextInt(6), align, 0), align));
            } else if (dice < 8 && !queue.isEmpty()) {
                waiters.remove(queue.remove(random.nextInt(queue.size())).waiter);
            } else {
                serve(queue, random.nextInt(12), random.nextBoolean());
            }
            waiters.checkInvariants();
            assertThat(waiters.isEmpty()).isEqualTo(queue.isEmpty());
        }
        lock.unlock();
    }

    private record Request(Waiter waiter, int align) {

        boolean isGranted(int pages, boolean isAligned) {
            return waiter.pageCount <= pages && (align == 1 || isAligned);
        }
    }

    private void serve(List<Request> queue, int pages, boolean isAligned) {
        List<Waiter> expected = new ArrayList<>();
        int modelLeft = pages;
        for (Request request : queue) {
            if (request.waiter.page < 0 && request.isGranted(modelLeft, isAligned)) {
                expected.add(request.waiter);
                modelLeft -= request.waiter.pageCount;
            }
        }
        List<Waiter> before = queue.stream()
                .map(Request::waiter)
                .filter(waiter -> waiter.page < 0)
                .toList();
        int[] left = {pages};
        waiters.serve((pageCount, align) -> {
            boolean isGranted = pageCount <= left[0] && (align == 1 || isAligned);
            left[0] -= isGranted ? pageCount : 0;
            return isGranted ? left[0] : FreeMap.NONE;
        });
        assertThat(before.stream().filter(waiter -> waiter.page >= 0)).containsExactlyElementsOf(expected);
        assertThat(expected).allMatch(waiter -> waiter.isWoken);
    }

    /// A waiter that stays in the queue would be its first one for ever, and no other one would be woken.
    @Test
    void waiterThatIsRefusedForLackOfHeapIsNotInTheQueue() throws IOException, InterruptedException {
        ForkedProgram program = ForkedProgram.of(RunWaitersProgram.class)
                .with("-Xmx256m", "-XX:+UseSerialGC")
                .run();
        assertThat(program.exitCode()).as(program.output()).isZero();
        assertThat(program.value("queued")).isEqualTo(program.value("added"));
    }
}
