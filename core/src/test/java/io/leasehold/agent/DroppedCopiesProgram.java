package io.leasehold.agent;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Main class of the JVMs that [AgentCopiesTest] starts: applications, each with a copy of Netty in a class loader of
/// its own. Each takes more than half of the budget, and is dropped without releasing it.
final class DroppedCopiesProgram {

    private static final int APPLICATIONS = 4;
    private static final int HALF_AND_MORE = 10 << 20;
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private DroppedCopiesProgram() {}

    /// Prints for each application whether it got its memory, and how many class loaders are left.
    public static void main(String[] arguments) throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < APPLICATIONS; i++) {
            String prefix = i % 2 == 0 ? "" : "shaded.";
            long deadline = System.nanoTime() + DEADLINE_NANOS;
            String result = start(prefix, loaders);
            while (result.equals("refused") && System.nanoTime() < deadline) { // the total goes back some time later
                collect();
                result = start(prefix, loaders);
            }
            System.out.println("application." + "abcd".charAt(i) + "=" + result);
            while (left(loaders) > 0 && System.nanoTime() < deadline) {
                collect();
            }
            System.out.println("left." + "abcd".charAt(i) + "=" + left(loaders));
        }
    }

    /// Collects garbage, and leaves the processor for a moment to the threads that clean up afterwards.
    private static void collect() {
        System.gc();
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }

    /// Runs an application on a thread that ends, since Netty has values of threads.
    private static String start(String prefix, List<WeakReference<ClassLoader>> loaders) throws InterruptedException {
        String[] result = {"no result"};
        Thread thread = Thread.ofPlatform().start(() -> result[0] = application(prefix, loaders));
        thread.join();
        return result[0];
    }

    private static String application(String prefix, List<WeakReference<ClassLoader>> loaders) {
        try {
            ClassLoader loader = new CopiesProgram.NettyLoader(prefix);
            loaders.add(new WeakReference<>(loader));
            return new CopiesProgram.Copy(loader, prefix).tryAllocate(HALF_AND_MORE, false);
        } catch (ReflectiveOperationException e) {
            return e.toString();
        }
    }

    private static long left(List<WeakReference<ClassLoader>> loaders) {
        return loaders.stream().filter(loader -> loader.get() != null).count();
    }
}
