package io.leasehold.bench.jmh;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Calls of the C library through FFM, as baselines: malloc(3) and free(3) by the cheapest possible downcall, and
/// pread(2) as a careful user would call it.
///
/// The error of pread(2) is captured in memory that is allocated once, with the object.
final class CLibrary {

    private static final MethodHandle MALLOC =
            handle("malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));
    private static final MethodHandle FREE =
            handle("free", FunctionDescriptor.ofVoid(JAVA_LONG), Linker.Option.critical(false));
    private static final MethodHandle PREAD = handle(
            "pread",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    private final MemorySegment errno = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());

    static long malloc(long byteSize) {
        try {
            return (long) MALLOC.invokeExact(byteSize);
        } catch (Throwable e) {
            throw new AssertionError("malloc must not throw", e);
        }
    }

    static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable e) {
            throw new AssertionError("free must not throw", e);
        }
    }

    long pread(int descriptor, MemorySegment to, long byteOffset) {
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
    private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option option) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, option);
    }
}
