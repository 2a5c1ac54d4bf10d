package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.StateKind;
import io.leasehold.memory.ScratchMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// One random walk through the operations of a pool, beside a simple model of a pool: a list of handles with the state
/// of each.
///
/// **Ownership.** Closes its fixture by force, because a walk that failed leaves pages in use.
///
/// **Threads.** Confined to one thread, except for two threads that run single operations while it waits.
final class JumboRandomWalk implements AutoCloseable {

    private static final int PHASE_STEPS = 500;

    /// The use of a page by its holder or its owner.
    private static final class Tenure {
        long handle;
        long stamp;
        int holds;
        boolean armed;
        boolean deferred; // freed while held
        boolean owned; // stolen, or flipped and this is the consumer

        @Nullable Tenure message; // of the consumer, while it is not freed

        boolean flipped; // of the message, while the consumer has the page
        boolean onceFlipped;
    }

    private final JumboFixture fixture;
    private final JumboPool<JumboView> pool;
    private final int maxPages;
    private final int pageByteSize;
    private final SplittableRandom random;
    private final List<Tenure> all = new ArrayList<>();
    private final List<Long> dead = new ArrayList<>();
    private final ScratchMemory target;
    private final ExecutorService platform =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final ExecutorService virtual =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
    private String operation = "open";
    private int wanted;
    private long stamps;
    private long fallbacks;

    JumboRandomWalk(JumboFixture fixture, int maxPages, long seed) {
        this.fixture = fixture;
        this.pool = fixture.pool();
        this.maxPages = maxPages;
        this.pageByteSize = pool.pageByteSize();
        this.target = ScratchMemory.of(pageByteSize);
        this.random = new SplittableRandom(seed);
    }

    String operation() {
        return operation;
    }

    void step(int step) {
        if (step % PHASE_STEPS == 0) {
            wanted = random.nextInt(maxPages + maxPages / 4);
        }
        int choice = random.nextInt(1000);
        if (choice < 600) {
            if (all.size() < wanted) {
                allocate();
            } else if (!all.isEmpty()) {
                end(any());
            }
        } else if (choice < 985) {
            if (!all.isEmpty()) {
                use(any(), choice);
            }
        } else {
            giveBack(choice);
        }
        check();
    }

    private Tenure any() {
        return all.get(random.nextInt(all.size()));
    }

    private void allocate() {
        operation = "allocate";
        boolean full = pool.stats().pages().outstanding() == maxPages;
        long handle = on(pool::tryAllocate);
        if (handle < 0) {
            fallbacks++;
            assertThat(full || fixture.takenBytes() > fixture.arena().options().byteSize() / 2)
                    .as("no page of %s", pool)
                    .isTrue();
            return;
        }
        assertThat(full).as("more pages than the limit").isFalse();
        Tenure tenure = new Tenure();
        tenure.handle = handle;
        all.add(tenure);
        stamp(tenure);
    }

    private void stamp(Tenure tenure) {
        tenure.stamp = ++stamps;
        pool.object(tenure.handle).write(tenure.stamp);
    }

    /// Releases or adopts a page, as its state requires.
    private void end(Tenure tenure) {
        if (tenure.deferred) {
            operation = "unhold a page with a deferred free";
            unhold(tenure);
        } else if (tenure.owned) {
            operation = "adopt";
            checkContent(tenure);
            run(() -> pool.exchange().adopt(tenure.handle));
            if (tenure.message != null) {
                tenure.message.flipped = false;
                tenure.message.onceFlipped = true;
            }
            remove(tenure);
        } else if (tenure.armed) {
            operation = "receive";
            run(() -> pool.receive(tenure.handle));
            tenure.armed = false;
        } else {
            operation = "release";
            checkContent(tenure);
            run(() -> pool.free(tenure.handle));
            if (tenure.holds > 0) {
                tenure.deferred = true;
            } else {
                all.stream().filter(other -> other.message == tenure).forEach(other -> other.message = null);
                remove(tenure);
            }
        }
    }

    private void use(Tenure tenure, int choice) {
        boolean leased = !tenure.deferred && !tenure.owned && !tenure.armed && !tenure.flipped;
        boolean alone = leased && tenure.holds == 0 && !tenure.onceFlipped;
        if (choice < 660 && alone) {
            operation = "arm";
            run(() -> pool.arm(tenure.handle));
            tenure.armed = true;
        } else if (choice < 740 && leased) {
            operation = "hold";
            run(() -> pool.hold(tenure.handle));
            tenure.holds++;
        } else if (choice < 800 && tenure.holds > 0) {
            operation = "unhold";
            unhold(tenure);
        } else if (choice < 840 && alone) {
            operation = "steal";
            long stolen = on(() -> pool.exchange().steal(tenure.handle));
            dead.add(tenure.handle);
            tenure.handle = stolen;
            tenure.owned = true;
        } else if (choice < 900 && leased) {
            flip(tenure, alone);
        } else if (choice < 930 && !dead.isEmpty()) {
            operation = "misuse";
            misuse(dead.get(random.nextInt(dead.size())));
        } else if (choice < 950 && tenure.owned) {
            operation = "free what is owned";
            JumboFixture.refused(StateKind.STOLEN, () -> pool.free(tenure.handle));
        } else if (alone) {
            stamp(tenure);
        } else {
            checkContent(tenure);
        }
    }

    private void unhold(Tenure tenure) {
        run(() -> pool.unhold(tenure.handle));
        tenure.holds--;
        if (tenure.deferred && tenure.holds == 0) {
            remove(tenure);
        }
    }

    private void flip(Tenure tenure, boolean alone) {
        operation = "flip";
        int byteSize = random.nextInt(pageByteSize + 1) & -Long.BYTES;
        boolean expected = alone && byteSize >= pageByteSize / 2;
        assertThat(pool.exchange().isFlippable(tenure.handle, 0, byteSize)).isEqualTo(expected);
        long handle = on(() -> pool.exchange().flip(tenure.handle, 0, byteSize, target.address()));
        assertThat(handle != PageExchange.COPIED).isEqualTo(expected);
        if (expected) {
            Tenure consumer = new Tenure();
            consumer.handle = handle;
            consumer.owned = true;
            consumer.message = tenure;
            tenure.flipped = true;
            all.add(consumer);
            checkContent(handle, tenure.stamp, byteSize);
            stamp(consumer);
            tenure.stamp = consumer.stamp;
        } else {
            new JumboView(pool, 0, target.address(), byteSize).check(tenure.stamp);
        }
    }

    private void misuse(long handle) {
        JumboStats before = pool.stats();
        for (Runnable call : List.<Runnable>of(
                () -> pool.free(handle),
                () -> pool.arm(handle),
                () -> pool.unhold(handle),
                () -> pool.exchange().adopt(handle),
                () -> pool.exchange().steal(handle))) {
            try {
                call.run();
            } catch (JumboStateException e) {
                assertThat(e.kind()).isIn(StateKind.FREED, StateKind.STALE, StateKind.STOLEN, StateKind.REMOVED);
                continue;
            }
            throw new AssertionError("a dead handle was accepted: 0x" + Long.toHexString(handle));
        }
        assertThat(pool.stats()).isEqualTo(before);
    }

    private void giveBack(int choice) {
        if (choice < 992) {
            operation = "decay";
            fixture.decay(1);
        } else if (choice < 996) {
            operation = "trim";
            pool.trim();
        } else {
            operation = "lose all memory to others";
            long run = fixture.arena()
                    .tryAllocateRun((int) (fixture.arena().options().byteSize() / 8192));
            if (run != 0) {
                fixture.arena().free(run);
            }
        }
    }

    private void remove(Tenure tenure) {
        all.remove(tenure);
        dead.add(tenure.handle);
        if (dead.size() > 500) {
            dead.subList(0, 250).clear();
        }
    }

    private void checkContent(Tenure tenure) {
        checkContent(tenure.handle, tenure.stamp, pageByteSize);
    }

    private void checkContent(long handle, long stamp, int byteSize) {
        new JumboView(pool, 0, pool.address(handle), byteSize).check(stamp);
    }

    private void check() {
        fixture.check();
        JumboStats stats = pool.stats();
        int owners = count(true);
        long messages = all.stream().filter(tenure -> tenure.flipped).count();
        assertThat(stats.pages().stolen()).as("stolen, %s", stats).isEqualTo(owners - (int) messages);
        assertThat(stats.pages().outstanding()).as("outstanding, %s", stats).isEqualTo(count(false));
        assertThat(stats.pages().armed())
                .isEqualTo((int) all.stream().filter(tenure -> tenure.armed).count());
        assertThat(stats.pages().deferredFree())
                .isEqualTo((int) all.stream().filter(tenure -> tenure.deferred).count());
        assertThat(stats.traffic().fallbacks()).isEqualTo(fallbacks);
        assertThat(stats.pages().peak()).isGreaterThanOrEqualTo(stats.pages().outstanding());
    }

    private int count(boolean owned) {
        return (int) all.stream().filter(tenure -> tenure.owned == owned).count();
    }

    private void run(Runnable call) {
        on(() -> {
            call.run();
            return 0L;
        });
    }

    /// Runs an operation on this thread, or on one of the other threads.
    private long on(Callable<Long> call) {
        int where = random.nextInt(8);
        try {
            return where > 1
                    ? call.call()
                    : (where == 0 ? platform : virtual).submit(call).get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /// Releases and adopts all pages; afterwards none may be in use.
    void finish() {
        while (!all.isEmpty()) {
            end(all.getLast());
            check();
        }
        operation = "finish";
        pool.trim();
        fixture.check();
        assertThat(fixture.takenBytes()).isZero();
        pool.close();
    }

    @Override
    public void close() {
        platform.shutdownNow();
        virtual.shutdownNow();
        pool.closeForcibly();
        fixture.close();
        target.close();
    }
}
