package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Random steps of a pool, each of which meets every failure of the JVM.
///
/// A step that fails either has changed nothing or is complete: after it no page is lost, and the next step works. The
/// state word of a page says which of both holds.
///
/// **Threads.** Confined to one thread, except for a second thread that allocates and releases pages while the walk
/// waits.
final class JumboJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 6_000 : 700;
    private static final int MAX_PAGES = 24;
    private static final long GONE = -1;

    private final SplittableRandom random = Seeds.random("JumboJavaFaultRandomWalk");
    private final List<Long> leased = new ArrayList<>();
    private final List<Long> armed = new ArrayList<>();
    private final List<Long> holding = new ArrayList<>(); // leased and held
    private final List<Long> held = new ArrayList<>(); // freed while they are held
    private final List<Long> flipped = new ArrayList<>(); // handles of the messages
    private final List<Long> messages = new ArrayList<>(); // of pages that were flipped and adopted
    private final List<Long> stolen = new ArrayList<>();
    private final List<Long> gone = new ArrayList<>();
    private final JumboFixture fixture = new JumboFixture(
            JumboFixture.options(BufferSize.KIB_64).toBuilder()
                    .pages(4, MAX_PAGES)
                    .watermarks(6, 14, isHigh -> {})
                    .build(),
            3);
    private final JumboPool<JumboView> pool = fixture.pool();
    private final ScratchMemory target = ScratchMemory.of(pool.pageByteSize());
    private Runnable reconcile = () -> {};
    private int notified;

    @Override
    public void accept(JavaFaults.Mode mode) {
        pool.free(pool.allocate()); // faults come after the first page
        FaultedSteps steps = new FaultedSteps(mode, this::check);
        try (ExecutorService other =
                Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory())) {
            for (int i = 0; i < STEPS; i++) {
                step(steps, other);
            }
        }
        while (pool.stats().pages().outstanding() + stolen.size() > 0) {
            end(steps, random.nextInt(6));
        }
        steps.run("close", pool::close);
        pool.close();
        fixture.close();
        target.close();
    }

    private void step(FaultedSteps steps, ExecutorService other) {
        int dice = random.nextInt(40);
        if (dice < 13) {
            allocate(steps, dice == 0 ? 5 : 1);
        } else if (dice < 20) {
            use(steps, dice - 13);
        } else if (dice < 26) {
            end(steps, dice - 20);
        } else if (dice < 31) {
            end(steps, 0);
        } else if (dice < 35) {
            CompletableFuture.runAsync(this::stepElsewhere, other)
                    .orTimeout(300, TimeUnit.SECONDS) // fails if a lock was not released
                    .join();
        } else if (dice < 37) {
            steps.run("decay", () -> fixture.decay(1));
        } else if (dice < 39) {
            await(steps);
        } else {
            steps.run("trim", pool::trim);
        }
    }

    private void allocate(FaultedSteps steps, int count) {
        long[] got = new long[count];
        steps.run("allocate " + count, () -> {
            if (got[0] == 0) {
                int gotCount = 1;
                if (count == 1) {
                    got[0] = pool.tryAllocate();
                } else {
                    gotCount = pool.tryAllocate(got, 0, count);
                }
                for (int i = 0; i < gotCount && got[i] >= 0; i++) {
                    leased.add(got[i]);
                }
            }
        });
    }

    private void stepElsewhere() {
        if (random.nextBoolean()) {
            long handle = pool.tryAllocate();
            if (handle >= 0) {
                leased.add(handle);
            }
        } else if (!leased.isEmpty()) {
            pool.free(leased.removeLast());
        }
    }

    private void use(FaultedSteps steps, int how) {
        if (how < 2) {
            move(steps, "arm", leased, armed, pool::arm);
        } else if (how < 4) {
            releaseHeld(steps);
        } else if (how < 5) {
            flip(steps);
        } else if (how < 6) {
            steal(steps);
        } else if (!leased.isEmpty()) {
            long handle = leased.getLast();
            steps.run("object", () -> pool.object(handle));
        }
    }

    /// Releases a page, as its state requires.
    private void end(FaultedSteps steps, int how) {
        switch (how) {
            case 0 -> {
                if (leased.size() > 4 && random.nextInt(3) == 0) {
                    releaseSome(steps);
                } else {
                    move(steps, "release", leased, gone, pool::free);
                }
            }
            case 1 -> move(steps, "receive", armed, leased, pool::receive);
            case 2 ->
                move(steps, "adopt", stolen, gone, handle -> pool.exchange().adopt(handle));
            case 3 -> move(steps, "unhold", held, gone, pool::unhold);
            case 4 -> move(steps, "release a message", messages, gone, pool::free);
            default -> endFlip(steps);
        }
    }

    /// Changes the state of a page, once.
    private void move(FaultedSteps steps, String what, List<Long> from, List<Long> to, LongConsumer change) {
        if (from.isEmpty()) {
            return;
        }
        long handle = from.get(random.nextInt(from.size()));
        long before = word(handle);
        reconcile = () -> {
            if (word(handle) != before && from.remove(handle)) {
                to.add(handle);
            }
        };
        steps.run(what, () -> {
            if (from.contains(handle)) {
                change.accept(handle);
            }
        });
        reconciled();
        assertThat(from).doesNotContain(handle);
        gone.clear();
    }

    private void releaseSome(FaultedSteps steps) {
        List<Long> some = new ArrayList<>(leased.subList(0, 4));
        List<Long> before = some.stream().map(this::word).toList();
        List<Long> all = List.copyOf(some);
        reconcile = () -> {
            for (int i = 0; i < all.size(); i++) {
                if (word(all.get(i)) != before.get(i)) {
                    some.remove(all.get(i));
                    leased.remove(all.get(i));
                }
            }
        };
        steps.run(
                "release some",
                () -> pool.free(some.stream().mapToLong(handle -> handle).toArray(), 0, some.size()));
        reconciled();
        assertThat(some).isEmpty();
    }

    /// Holds a page, and frees it while it is held.
    private void releaseHeld(FaultedSteps steps) {
        if (!leased.isEmpty()) {
            move(steps, "hold", leased, holding, pool::hold);
            move(steps, "release while held", holding, held, pool::free);
        }
    }

    /// Steals a page: a caller that gets no handle has not stolen it.
    private void steal(FaultedSteps steps) {
        if (leased.isEmpty()) {
            return;
        }
        long handle = leased.getLast();
        steps.run("steal", () -> {
            if (leased.contains(handle)) {
                long mine = pool.exchange().steal(handle);
                leased.remove(handle);
                stolen.add(mine);
            }
        });
    }

    /// Flips a page: a caller that gets no handle has not flipped it.
    private void flip(FaultedSteps steps) {
        if (leased.isEmpty()) {
            return;
        }
        long handle = leased.getLast();
        steps.run("flip", () -> {
            if (leased.contains(handle)) {
                pool.exchange().flip(handle, 0, pool.pageByteSize(), target.address());
                leased.remove(handle);
                flipped.add(handle);
            }
        });
    }

    /// Frees the message of a flipped page first, or the page.
    private void endFlip(FaultedSteps steps) {
        if (random.nextBoolean()) {
            move(steps, "release a flipped page", flipped, stolen, pool::free);
        } else {
            move(
                    steps,
                    "adopt a flipped page",
                    flipped,
                    messages,
                    handle -> pool.exchange().adopt(JumboLayout.after(handle, 1)));
        }
        stolen.replaceAll(
                handle -> JumboLayout.isSameGeneration(word(handle), handle) ? handle : JumboLayout.after(handle, 1));
    }

    private void await(FaultedSteps steps) {
        int[] notifiedBefore = {notified};
        steps.run("wait", () -> {
            if (notified == notifiedBefore[0]) {
                pool.whenFree(() -> notified++);
            }
        });
        steps.run("wait for a moment", () -> pool.awaitFree(Duration.ZERO));
    }

    private void reconciled() {
        reconcile.run();
        reconcile = () -> {};
    }

    private long word(long handle) {
        JumboPage<JumboView> page = pool.find(handle);
        return page == null ? GONE : page.word();
    }

    private void check() {
        reconcile.run();
        fixture.check();
        JumboStats stats = pool.stats();
        assertThat(pool.supply().shards().slots().isQuiet()).as("slots left").isTrue();
        assertThat(stats.pages().outstanding())
                .as("%s", stats)
                .isEqualTo(
                        leased.size() + holding.size() + armed.size() + held.size() + flipped.size() + messages.size());
        assertThat(stats.pages().stolen()).as("%s", stats).isEqualTo(stolen.size());
        assertThat(stats.pages().armed()).as("%s", stats).isEqualTo(armed.size());
        assertThat(stats.pages().deferredFree()).as("%s", stats).isEqualTo(held.size());
    }
}
