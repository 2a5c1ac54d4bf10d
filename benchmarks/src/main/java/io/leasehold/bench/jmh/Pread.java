package io.leasehold.bench.jmh;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// pread(2) through FFM as a careful user would call it: with errno, which is captured in memory that is allocated
/// once.
final class Pread {

    private static final MethodHandle PREAD = handle();

    private final MemorySegment errno = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());

    long read(int descriptor, MemorySegment to, long byteOffset) {
        long count;
        try {
            count = (long) PREAD.invokeExact(errno, descriptor, to, to.byteSize(), byteOffset);
        } catch (Throwable e) {
            throw new AssertionError("pread must not throw", e);
        }
        if (count < 0) {
            throw new IllegalStateException("pread failed: errno=" + errno.get(JAVA_INT, 0));
        }
        return count;
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("pread"),
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG),
                Linker.Option.captureCallState("errno"));
    }
}
