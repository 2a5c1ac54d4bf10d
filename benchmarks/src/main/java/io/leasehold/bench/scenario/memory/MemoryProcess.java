package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Sizes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.lang.management.ManagementFactory;
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

/// Measures the memory of an allocator: one scenario in one JVM, whose output [MemoryScenario] reads.
///
/// The JVM touches its whole heap at the start, so that resident memory changes only with the buffers. The first line
/// is printed after the allocator has served its first buffers. All other values are relative to it.
public final class MemoryProcess {

    /// Prefix of a line with numbers: mark, moment, live bytes, resident bytes, heap bytes, charged bytes.
    static final String MARK = "FOOTPRINT";

    /// Prefix of a line with the nanoseconds in which a burst was allocated and written.
    static final String FILLED = "FILLED ";

    /// The moment that the others are compared with.
    static final String BEFORE = "before";

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
        process.report(BEFORE, 0);
        switch (args[1]) {
            case "burst4k" -> process.burst(4 << 10, 0);
            case "burst64k" -> process.burst(64 << 10, 0);
            case "survivors256" -> process.burst(256, 100);
            case "steadyProxy" -> process.steady(Sizes.PROXY);
            case "steadyGateway" -> process.steady(Sizes.GATEWAY);
            case "threads" -> process.threads();
            case "mixedDefault" -> process.mixed(1, LIGHT_MILLIS);
            case "mixedSecond" -> process.mixed(2, LIGHT_MILLIS);
            case "mixedTrickle" -> process.mixed(1, TRICKLE_MILLIS);
            case "mixedSilent" -> process.mixed(1, 0);
            default -> throw new IllegalArgumentException("unknown scenario: name=" + args[1]);
        }
        System.exit(0);
    }

    private Void warmUp() {
        for (int i = 0; i < 1000; i++) {
            allocator.directBuffer(8 << (i % 12)).setByte(0, 1).release();
        }
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
            System.out.println(FILLED + (System.nanoTime() - start));
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
                System.out.println(FILLED + (System.nanoTime() - start));
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
        System.out.printf(
                "%s %s %d %d %d %d%n", MARK, when, liveBytes, residentBytes(), liveHeapBytes(), chargedBytes());
    }

    private static long residentBytes() throws IOException {
        String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
        return Long.parseLong(fields[1]) * 4096;
    }

    private long chargedBytes() throws IOException {
        return usageFile.isEmpty()
                ? 0
                : Long.parseLong(Files.readString(Path.of(usageFile)).strip());
    }

    private static long liveHeapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
