package io.leasehold.bench.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;

/// Measures processor time of processes and of the maintenance thread.
///
/// The JDK reads the time of a process in ticks of 10 ms. That is more than an idle process uses in a second.
public final class ProcessorTime {

    private static final String MAINTENANCE = "leasehold-maintenance";
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private ProcessorTime() {}

    /// {@return processor time of all threads of this process, in nanoseconds}
    ///
    /// @see <a href="https://man7.org/linux/man-pages/man3/clock_gettime.3.html">clock_gettime(3)</a>
    public static long ofProcess() {
        return ofClock(CLOCK_PROCESS_CPUTIME_ID);
    }

    /// {@return processor time of all threads of another process, also of those that have ended, in nanoseconds}
    ///
    /// @param pid of the process
    /// @throws IllegalStateException if there is no such process
    /// @see <a href="https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html">clock_getcpuclockid(3)</a>
    public static long ofProcess(long pid) {
        int clock;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment id = arena.allocate(JAVA_INT);
            int error = (int) Clock.GET_ID.invokeExact(Math.toIntExact(pid), id);
            if (error != 0) {
                throw new IllegalStateException("clock_getcpuclockid failed: pid=" + pid + ", error=" + error);
            }
            clock = id.get(JAVA_INT, 0);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("clock_getcpuclockid cannot throw", e);
        }
        return ofClock(clock);
    }

    private static long ofClock(int clock) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(JAVA_LONG, 2);
            int failed = (int) Clock.GET_TIME.invokeExact(clock, time);
            if (failed != 0) {
                throw new IllegalStateException("clock_gettime failed: clock=" + clock);
            }
            return time.getAtIndex(JAVA_LONG, 0) * NANOS_PER_SECOND + time.getAtIndex(JAVA_LONG, 1);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("clock_gettime cannot throw", e);
        }
    }

    /// {@return processor time of the maintenance thread in nanoseconds; 0 if there is none}
    public static long ofMaintenance() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().equals(MAINTENANCE)) {
                return Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
            }
        }
        return 0;
    }

    /// Loaded at the first use, because most questions do not read the time of the process.
    private static final class Clock {

        static final MethodHandle GET_TIME = function("clock_gettime");
        static final MethodHandle GET_ID = function("clock_getcpuclockid");

        private Clock() {}

        /// {@return a function of the C library that takes an int and a pointer, and returns an int}
        @SuppressWarnings("restricted")
        private static MethodHandle function(String name) {
            return Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow(name),
                            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
        }
    }
}
