package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A system call of Linux by its number, made through syscall(2).
///
/// One method handle serves all of them, so nothing depends on what a C library wraps or how old it is.
///
/// **Threads.** Thread-safe. A call pins a virtual thread for as long as it is in the kernel.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/syscall.2.html">syscall(2)</a>
enum LinuxCall {
    BIND(49, 200),
    CLOSE(3, 57),
    CONNECT(42, 203),
    FADVISE64(221, 223),
    FALLOCATE(285, 47),
    FDATASYNC(75, 83),
    FSTAT(5, 80),
    FTRUNCATE(77, 46),
    GETSOCKNAME(51, 204),
    GETSOCKOPT(55, 209),
    LSEEK(8, 62),
    MADVISE(28, 233),
    MEMBARRIER(324, 283),
    MEMFD_CREATE(319, 279),
    MINCORE(27, 232),
    MLOCK(149, 228),
    MMAP(9, 222),
    MPROTECT(10, 226),
    MREMAP(25, 216),
    MSYNC(26, 227),
    MUNLOCK(150, 229),
    MUNMAP(11, 215),
    OPENAT(257, 56),
    PIDFD_OPEN(434, 434),
    PPOLL(271, 73),
    PRCTL(157, 167),
    PREAD64(17, 67),
    PROCESS_MADVISE(440, 440),
    PWRITE64(18, 68),
    RECVMMSG(299, 243),
    RECVMSG(47, 212),
    SCHED_YIELD(24, 124),
    SENDMSG(46, 211),
    SETSOCKOPT(54, 208),
    SHUTDOWN(48, 210),
    SOCKET(41, 198),
    SYNC_FILE_RANGE(277, 84);

    private final int x86Number; // (C)
    private final int aarch64Number; // (C)

    LinuxCall(int x86Number, int aarch64Number) {
        this.x86Number = x86Number;
        this.aarch64Number = aarch64Number;
    }

    /// Makes a call of up to three arguments.
    ///
    /// @return what the kernel returned, or the negated error number
    long invoke(long first, long second, long third) {
        return invoke(first, second, third, 0, 0, 0);
    }

    /// Makes a call; arguments that it does not have are 0. It may be interrupted, and is not repeated.
    ///
    /// @return what the kernel returned, or the negated error number
    long invoke(long first, long second, long third, long fourth, long fifth, long sixth) {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        int slot = ErrnoCells.slotOfThisThread();
        MemorySegment cell = ErrnoCells.take(slot);
        long result = syscall(cell, number, first, second, third, fourth, fifth, sixth);
        long answer = result == -1 ? -cell.get(ValueLayout.JAVA_INT, Libc.ERRNO_OFFSET) : result;
        ErrnoCells.giveBack(slot, cell);
        return answer;
    }

    /// Makes a call on memory whose owner cannot free it before the call is over, with the arguments of pread(2). It
    /// may be interrupted, and is not repeated.
    ///
    /// @return what the kernel returned, or the negated error number
    long transfer(long descriptor, MemorySegment memory, long byteSize, long byteOffset) {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        int slot = ErrnoCells.slotOfThisThread();
        MemorySegment cell = ErrnoCells.take(slot);
        try {
            long result = (long) Libc.TRANSFER.invokeExact(cell, number, descriptor, memory, byteSize, byteOffset);
            return result == -1 ? -cell.get(ValueLayout.JAVA_INT, Libc.ERRNO_OFFSET) : result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        } finally {
            ErrnoCells.giveBack(slot, cell);
        }
    }

    /// {@return this call as an object of the JDK's classes alone: with two arguments, and without its answer}
    @SuppressWarnings("unchecked") // a proxy has no type parameters
    BiConsumer<Long, Long> withoutAnswer() {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        return MethodHandleProxies.asInterfaceInstance(
                BiConsumer.class, MethodHandles.insertArguments(Libc.syscallWithoutAnswer(), 0, number));
    }

    /// Does nothing in native code, which takes a thread past a safepoint poll.
    static void poll() {
        try {
            long ignored = (long) Libc.LABS.invokeExact(0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    /// {@return the size of an OS page in bytes}
    static long pageSize() {
        try {
            return (long) Libc.SYSCONF.invokeExact(Libc.SC_PAGESIZE);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    private static long syscall(
            MemorySegment cell, long number, long first, long second, long third, long fourth, long fifth, long sixth) {
        try {
            return (long) Libc.SYSCALL.invokeExact(cell, number, first, second, third, fourth, fifth, sixth);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    private static AssertionError undeclared(Throwable e) {
        return new AssertionError("a downcall threw a checked exception", e);
    }

    /// The functions of the C library that are called.
    private static final class Libc {
        static final boolean IS_AARCH64 = OsOptions.ofSystem().isAarch64();

        /// _SC_PAGESIZE of glibc and musl.
        static final int SC_PAGESIZE = 30;

        static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
        static final long ERRNO_OFFSET = ERRNO_LAYOUT.byteOffset(PathElement.groupElement("errno"));

        /// All arguments are passed as 64 bits; the kernel takes the low half where it declares an int.
        static final MethodHandle SYSCALL = handle(
                "syscall",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(1));

        /// The same function for calls on memory of others: a pointer passed as one keeps its owner from closing.
        static final MethodHandle TRANSFER = handle(
                "syscall",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(1));

        /// Absolute value: the cheapest function there is, and not so cheap that a linker leaves its polls out.
        static final MethodHandle LABS =
                handle("labs", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

        static final MethodHandle SYSCONF =
                handle("sysconf", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

        static MethodHandle syscallWithoutAnswer() {
            return handle(
                    "syscall",
                    FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                    Linker.Option.firstVariadicArg(1));
        }

        @SuppressWarnings("restricted")
        private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
        }
    }

    /// Where the linker stores errno: one cell per thread that is in a call, kept for the next thread of its slot.
    ///
    /// A confined arena per call costs 250 ns, taking and giving back a cell about 15. A thread that finds its slot
    /// empty makes a cell; of two that give back to one slot the first cell is dropped and collected.
    private static final class ErrnoCells {
        /// More than the threads that are in the kernel at once in a server with an event loop per core.
        private static final int SLOTS = 128;

        /// A cache line, so that two threads do not write to the same one.
        private static final int CELL_ALIGNMENT = 64;

        private static final AtomicReferenceArray<@Nullable MemorySegment> CELLS = new AtomicReferenceArray<>(SLOTS);

        static int slotOfThisThread() {
            return (int) Thread.currentThread().threadId() & (SLOTS - 1);
        }

        static MemorySegment take(int slot) {
            MemorySegment cell = CELLS.getAndSet(slot, null);
            return cell != null ? cell : Arena.ofAuto().allocate(CELL_ALIGNMENT, CELL_ALIGNMENT);
        }

        static void giveBack(int slot, MemorySegment cell) {
            CELLS.setRelease(slot, cell);
        }
    }
}
