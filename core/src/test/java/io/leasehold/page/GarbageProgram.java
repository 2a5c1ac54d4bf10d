package io.leasehold.page;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.assertj.core.api.Assertions;

/// Main class of a JVM that measures how much of the Java heap a call takes after it was compiled.
///
/// The JDK makes an object in each downcall, and C2 removes it. Whether it can depends on all that the JVM ran before,
/// so the measurement has a JVM of its own. With `-Xbatch` a call waits for its compilation, so the number of calls
/// decides when the code is compiled, and not the load of the machine.
public final class GarbageProgram {

    private static final int MAX_ROUNDS = 200;
    private static final int CALLS = 500;

    private GarbageProgram() {}

    /// {@return the bytes of the Java heap that 500 calls take at least}
    ///
    /// @param type class of the call, with a constructor without parameters, for a new JVM
    public static long bytesOf500(Class<? extends Runnable> type)
            throws IOException, InterruptedException, URISyntaxException {
        URI assertions = Assertions.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        ForkedProgram forked = ForkedProgram.of(GarbageProgram.class)
                .with("-Xmx256m", "-XX:+UseSerialGC", "-Xbatch")
                .with("-Xbootclasspath/a:" + Path.of(assertions)) // for the fixtures of tests
                .run(type.getName());
        return Long.parseLong(forked.value("bytes"));
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        Constructor<?> constructor = Class.forName(arguments[0]).getDeclaredConstructor();
        constructor.setAccessible(true);
        Runnable call = (Runnable) constructor.newInstance();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MAX_ROUNDS && least > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.println("bytes=" + least);
    }
}
