package io.leasehold.page;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Runs the threads of a test with a timeout. A test that hangs fails with a dump of all threads, including virtual
/// ones.
///
/// **Threads.** Thread-safe.
public final class Watchdog {

    /// Timeout in seconds. Only a hang reaches it: a round of two seconds took ninety beside ten busy processes.
    public static final long LIMIT_SECONDS = Boolean.getBoolean("leasehold.soak") ? 3_600 : 600;

    /// The work of a thread.
    public interface Task {
        void run() throws Exception;
    }

    private final List<Thread> threads = new ArrayList<>(); // (O) the test's thread
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>(); // (A)
    private final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS); // (C)

    /// Starts a platform thread.
    public Thread start(String name, Task task) {
        return start(Thread.ofPlatform().daemon().name(name).unstarted(guarded(task)));
    }

    /// Starts a virtual thread.
    public Thread startVirtual(String name, Task task) {
        return start(Thread.ofVirtual().name(name).unstarted(guarded(task)));
    }

    /// Starts a thread that the caller created.
    public Thread start(Thread.Builder builder, Task task) {
        return start(builder.unstarted(guarded(task)));
    }

    /// Waits for all threads, and throws the first failure of a thread.
    public void join() throws InterruptedException {
        for (Thread thread : threads) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            thread.join(Math.max(1, left));
            if (thread.isAlive()) {
                throw hung("thread " + thread.getName());
            }
        }
        threads.clear();
        check();
    }

    /// Throws the first failure of a thread, if there is one.
    public void check() {
        Throwable failure = failures.peek();
        if (failure != null) {
            throw new AssertionError("a thread failed: " + failure.getMessage(), failure);
        }
    }

    public void failed(Throwable failure) {
        failures.add(failure);
    }

    public boolean hasFailed() {
        return !failures.isEmpty();
    }

    /// Waits until other threads have counted down.
    public void await(String what, CountDownLatch latch) throws InterruptedException {
        if (!latch.await(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
            throw hung(what);
        }
    }

    /// Spins until a condition holds.
    public void await(String what, BooleanSupplier condition) {
        for (int spins = 1; !condition.getAsBoolean(); spins++) {
            if (hasFailed()) {
                throw new IllegalStateException("another thread failed");
            }
            if (System.nanoTime() - deadline > 0) {
                throw hung(what);
            }
            if (spins % 64 == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /// {@return the error for an event that did not happen in time, with the stacks of all threads}
    public AssertionError hung(String what) {
        AssertionError error = new AssertionError("waited in vain for " + what + "\n" + dump());
        failures.forEach(error::addSuppressed);
        return error;
    }

    private Thread start(Thread thread) {
        threads.add(thread);
        thread.start();
        return thread;
    }

    private Runnable guarded(Task task) {
        return () -> {
            try {
                task.run();
            } catch (Throwable e) {
                failed(e);
            }
        };
    }

    private static String dump() {
        try {
            Path directory = Files.createTempDirectory("leasehold");
            Path file = directory.resolve("threads");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
                return Files.readString(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(directory);
            }
        } catch (IOException e) {
            return "no thread dump: " + e;
        }
    }
}
