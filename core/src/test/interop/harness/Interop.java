package interop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Runs one program, and prints one line of JSON about what became of its buffers.
///
/// ```text
///   program: server, client, load, close both --> wait for the last release --> look for leaks --> wait for the
///   memory to go back --> close the allocator --> one line
/// ```
///
/// `InteropTest` sets the properties, and judges the line.
public final class Interop {

    private static final int LEAK_ROUNDS = 4;
    private static final long WAIT_NANOS = 60_000_000_000L;

    /// Free blocks and empty slabs that an allocator may keep, and the tables of its heaps.
    private static final long KEPT_BYTES = 6 << 20;

    /// Number of buffers to drop, so that a test can see the counts of a leak.
    private static final int DROPPED = Integer.getInteger("interop.dropped", 0);

    private static final int DROPPED_BYTES = Integer.getInteger("interop.droppedBytes", 0);

    private Interop() {}

    /// The work of one program. It returns after the server and the client are closed.
    public interface Program {

        /// Starts a server, loads it, and closes all.
        void run(Trial trial) throws Exception;
    }

    /// Runs a program, and ends the JVM.
    public static void run(Program program) {
        int exitCode = 1;
        try {
            System.out.println("RESULT " + json(measure(program)));
            exitCode = 0;
        } catch (Throwable e) {
            e.printStackTrace(System.out);
        } finally {
            System.out.flush();
            Runtime.getRuntime().halt(exitCode); // a server may leave threads behind
        }
    }

    private static Map<String, Object> measure(Program program) throws Exception {
        if (ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
            throw new IllegalStateException("leaks are not looked for: level=" + ResourceLeakDetector.getLevel());
        }
        Ours ours = ours();
        Trial trial =
                new Trial(ours.option(), Integer.getInteger("interop.requests"), ours::heldBytes, ours::pinnedBytes);
        program.run(trial);
        for (int i = 0; i < DROPPED; i++) {
            (trial.isByOption() ? ours.option() : ByteBufAllocator.DEFAULT).directBuffer(DROPPED_BYTES);
        }
        await(() -> ours.pinnedBytes() == 0 || DROPPED > 0);
        Map<String, Long> watched = LeakCounts.watched();
        Map<String, Object> result = new TreeMap<>();
        result.put("netty", PooledByteBufAllocator.class.getPackage().getImplementationVersion());
        result.put("requests", trial.served() - trial.frames());
        result.put("frames", trial.frames());
        result.put("wrong", trial.wrong());
        result.put("pinnedBytes", ours.pinnedBytes());
        long served = watched.getOrDefault(LeakCounts.OURS, 0L);
        result.put("ours", served);
        result.put("others", watched.values().stream().mapToLong(n -> n).sum() - served);
        result.put("peakHeldBytes", trial.peakHeldBytes());
        result.put("peakPinnedBytes", trial.peakPinnedBytes());
        System.out.println("buffers by allocator: " + watched);
        List<String> leaks = leaks();
        leaks.stream().limit(3).forEach(System.out::println);
        result.put("leaks", (long) leaks.size());
        await(() -> ours.heldBytes() <= KEPT_BYTES);
        result.put("heldBytes", ours.heldBytes());
        if (DROPPED == 0) {
            ours.close();
        }
        return result;
    }

    private static Ours ours() throws ReflectiveOperationException {
        if (System.getProperty("interop.way").equals("option")) {
            // by name, since a relocated Netty has no such class
            return (Ours) Class.forName("interop.OursByOption")
                    .getDeclaredConstructor()
                    .newInstance();
        }
        return new OursByAgent();
    }

    /// {@return the leaks of the whole run; Netty learns of a leak when a buffer is allocated after a collection}
    private static List<String> leaks() throws InterruptedException {
        LeakCounts.stopCounting();
        for (int round = 0; round < LEAK_ROUNDS; round++) {
            awaitCollection();
            for (int i = 0; i < 10; i++) {
                ByteBufAllocator.DEFAULT.directBuffer(64).release();
            }
        }
        return LeakCounts.leaks();
    }

    /// Collects garbage, and waits until the collector has handed over the references to it.
    private static void awaitCollection() throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> sentinel = new WeakReference<>(new Object(), collected);
        System.gc();
        if (collected.remove(TimeUnit.NANOSECONDS.toMillis(WAIT_NANOS)) != sentinel) {
            throw new IllegalStateException(
                    "the collector did not hand over a reference: waited=" + WAIT_NANOS + " ns");
        }
    }

    private static void await(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean() && System.nanoTime() - start < WAIT_NANOS) {
            Thread.yield();
        }
    }

    private static String json(Map<String, Object> values) {
        StringBuilder json = new StringBuilder("{");
        values.forEach((key, value) -> json.append(json.length() == 1 ? "" : ",")
                .append('"')
                .append(key)
                .append("\":")
                .append(value instanceof Long ? value : "\"" + value + "\""));
        return json.append('}').toString();
    }
}
