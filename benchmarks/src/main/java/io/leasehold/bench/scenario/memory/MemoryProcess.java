package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Sizes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Measures the memory of an allocator: one scenario in one JVM, whose output [MemoryScenario] reads.
///
/// The JVM touches its whole heap at the start, so that resident memory changes only with the buffers. The first line
/// is printed after the allocator has served its first buffers. All other values are relative to that line.
public final class MemoryProcess {

    /// Prefix of all lines but errors. A [Moment], [#FILLED] or [#CLOSED] follows. The other moments are compared with
    /// the first one.
    static final String PREFIX = "memory ";

    /// Prefix of the time in which a burst was allocated and written, in nanoseconds.
    static final String FILLED = "filled ";

    /// The last line.
    static final String CLOSED = "closed";

    private static final long BURST_BYTES = 1L << 30;
    private static final int LIVE = 8192;
    private static final int STEPS = 1 << 20;
    private static final int THREADS = 384;
    private static final int TOUCH = 4096;
    private static final int SETTLE_SECONDS = 2;
    private static final int MINUTE_SECONDS = 60;
    private static final int EVENT_LOOPS = 8;
    private static final int PLATFORM_THREADS = 16;

    /// Light traffic: 200 buffers a second on each thread.
    private static final long LIGHT_MILLIS = 5;

    /// A trickle: two buffers a second on each thread.
    private static final long TRICKLE_MILLIS = 500;

    private final ByteBufAllocator allocator;
    private final boolean minute;
    private final String usageFile;
    private final EventExecutor loop = new DefaultEventExecutor();

    private MemoryProcess(ByteBufAllocator allocator, boolean minute, String usageFile) {
        this.allocator = allocator;
        this.minute = minute;
        this.usageFile = usageFile;
    }

    /// Runs a scenario.
    ///
    /// @param args an allocator ([Allocators#open]), a scenario, whether to measure again after a minute,
    ///     and the file with the charge of the cgroup, or an empty string
    public static void main(String[] args) throws Exception {
        ChildJvm.endWithParent();
        MemoryProcess process =
                new MemoryProcess(Allocators.open(args[0], "disabled"), Boolean.parseBoolean(args[2]), args[3]);
        process.onLoop(process::warmUp);
        process.report("before", 0);
        try {
            process.run(args[1]);
            System.out.println(PREFIX + CLOSED);
        } catch (Exception | OutOfMemoryError e) {
            System.out.println("error " + e);
        }
        System.exit(0); // ends the threads too
    }

    private void run(String scenario) throws Exception {
        switch (scenario) {
            case "burst4k" -> burst(4 << 10, 0);
            case "burst64k" -> burst(64 << 10, 0);
            case "survivors256" -> burst(256, 100);
            case "steadyProxy" -> steady(Sizes.PROXY);
            case "steadyGateway" -> steady(Sizes.GATEWAY);
            case "threads" -> threads();
            case "mixedDefault" -> mixed(1, LIGHT_MILLIS);
            case "mixedSecond" -> mixed(2, LIGHT_MILLIS);
            case "mixedTrickle" -> mixed(1, TRICKLE_MILLIS);
            case "mixedSilent" -> mixed(1, 0);
            default -> throw new IllegalArgumentException("unknown scenario: name=" + scenario);
        }
    }

    private @Nullable Void warmUp() throws IOException {
        for (int i = 0; i < 1000; i++) {
            allocator.directBuffer(8 << (i % 12)).setByte(0, 1).release();
        }
        ChildJvm.line(moment("warm", 0)); // loads what a report needs
        return null;
    }

    /// Allocates and writes many buffers of one size and releases them, except one in `keepOneIn`.
    private void burst(int byteSize, int keepOneIn) throws Exception {
        int count = (int) (BURST_BYTES / byteSize);
        List<ByteBuf> kept = onLoop(() -> {
            List<ByteBuf> all = new ArrayList<>(count);
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                all.add(written(byteSize));
            }
            System.out.println(PREFIX + FILLED + (System.nanoTime() - start));
            report("peak", BURST_BYTES);
            SplittableRandom random = new SplittableRandom(42);
            List<ByteBuf> survivors = new ArrayList<>();
            for (ByteBuf buffer : all) {
                if (keepOneIn > 0 && random.nextInt(keepOneIn) == 0) {
                    survivors.add(buffer);
                } else {
                    buffer.release();
                }
            }
            return survivors;
        });
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
        report("after", (long) kept.size() * byteSize);
        if (minute) {
            TimeUnit.SECONDS.sleep(MINUTE_SECONDS);
            report("minute", (long) kept.size() * byteSize);
        }
        kept.forEach(ByteBuf::release);
    }

    /// Repeatedly replaces one of many live buffers.
    private void steady(Sizes sizes) throws Exception {
        onLoop(() -> {
            SplittableRandom random = new SplittableRandom(42);
            ByteBuf[] live = new ByteBuf[LIVE];
            for (int i = 0; i < STEPS; i++) {
                int slot = i < LIVE ? i : random.nextInt(LIVE);
                if (live[slot] != null) {
                    live[slot].release();
                }
                live[slot] = written(sizes.next(random));
            }
            long bytes = 0;
            for (ByteBuf buffer : live) {
                bytes += buffer.capacity();
            }
            report("after", bytes);
            return null;
        });
    }

    /// Allocates, writes and releases 1 GiB in mixed sizes on 8 event loops and 16 platform threads, and reads the
    /// memory while the threads live on.
    ///
    /// @param bursts number of bursts, one after the other
    /// @param everyMillis time between two small buffers of a thread after the bursts; 0 for none
    private void mixed(int bursts, long everyMillis) throws Exception {
        List<ExecutorService> workers = new ArrayList<>();
        for (int i = 0; i < EVENT_LOOPS + PLATFORM_THREADS; i++) {
            workers.add(i < EVENT_LOOPS ? new DefaultEventExecutor() : Executors.newSingleThreadExecutor());
        }
        for (int burst = 0; burst < bursts; burst++) {
            long start = System.nanoTime();
            List<List<ByteBuf>> all = onEach(workers, worker -> share(worker, workers.size()));
            if (burst == 0) {
                System.out.println(PREFIX + FILLED + (System.nanoTime() - start));
                report("peak", BURST_BYTES);
            }
            onEach(workers, worker -> {
                all.get(worker).forEach(ByteBuf::release);
                return null;
            });
        }
        long released = System.nanoTime();
        if (everyMillis > 0) {
            for (int i = 0; i < workers.size(); i++) {
                int seed = i;
                workers.get(i).execute(() -> useNowAndThen(seed, everyMillis));
            }
        }
        for (int seconds : new int[] {SETTLE_SECONDS, 10, 30, 60}) {
            TimeUnit.NANOSECONDS.sleep(released + TimeUnit.SECONDS.toNanos(seconds) - System.nanoTime());
            report(seconds == SETTLE_SECONDS ? "after" : seconds + "s", 0);
        }
    }

    /// {@return the buffers of one thread in a burst}
    private List<ByteBuf> share(int worker, int workers) {
        SplittableRandom random = new SplittableRandom(worker);
        List<ByteBuf> share = new ArrayList<>();
        for (long bytes = 0;
                bytes < BURST_BYTES / workers;
                bytes += share.getLast().capacity()) {
            share.add(written((share.size() % 2 == 0 ? Sizes.PROXY : Sizes.GATEWAY).next(random)));
        }
        return share;
    }

    private void useNowAndThen(int seed, long everyMillis) {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            while (true) { // the process ends before
                written(Sizes.PROXY.next(random)).release();
                TimeUnit.MILLISECONDS.sleep(everyMillis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> List<T> onEach(List<ExecutorService> workers, IntFunction<T> work) throws Exception {
        List<Future<T>> begun = new ArrayList<>();
        for (int i = 0; i < workers.size(); i++) {
            int worker = i;
            begun.add(workers.get(i).submit(() -> work.apply(worker)));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> each : begun) {
            results.add(each.get());
        }
        return results;
    }

    /// Starts many threads that use every size once and stay alive.
    private void threads() throws Exception {
        CountDownLatch used = new CountDownLatch(THREADS);
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new FastThreadLocalThread(() -> {
                for (int byteSize = 16; byteSize <= 64 << 10; byteSize += Math.max(16, byteSize / 8)) {
                    written(byteSize).release();
                }
                used.countDown();
                awaitEnd();
            });
            thread.setDaemon(true);
            thread.start();
        }
        used.await();
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
        report("after", 0);
    }

    private static void awaitEnd() {
        try {
            new CountDownLatch(1).await(); // never reached: the process ends before
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ByteBuf written(int byteSize) {
        ByteBuf buffer = allocator.directBuffer(byteSize);
        for (int i = 0; i < byteSize; i += TOUCH) {
            buffer.setByte(i, 1);
        }
        return buffer.setByte(byteSize - 1, 1);
    }

    private <T> T onLoop(Callable<T> work) throws Exception {
        return loop.submit(work).get();
    }

    private void report(String when, long liveBytes) throws IOException {
        ChildJvm.say(PREFIX, moment(when, liveBytes));
    }

    private Moment moment(String name, long liveBytes) throws IOException {
        long residentBytes = SystemMemory.residentBytes(ProcessHandle.current().pid());
        return new Moment(name, liveBytes, residentBytes, SystemMemory.liveHeapBytes(), chargedBytes());
    }

    private long chargedBytes() throws IOException {
        return usageFile.isEmpty()
                ? 0
                : Long.parseLong(Files.readString(Path.of(usageFile)).strip());
    }
}
