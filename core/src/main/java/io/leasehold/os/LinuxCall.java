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
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A system call of Linux by its number, made through syscall(2).
///
/// One method handle serves all calls, so a call depends neither on the wrappers of the C library nor on its version.
///
/// **Threads.** Thread-safe. A call pins a virtual thread while it is in the kernel.
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
    GETPID(39, 172),
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

    /// Makes a call with up to three arguments.
    ///
    /// @return the result of the kernel, or the negated error number
    long invoke(long first, long second, long third) {
        return invoke(first, second, third, 0, 0, 0);
    }

    /// Makes a call. Unused arguments are 0. A call that a signal interrupts is not repeated.
    ///
    /// @return the result of the kernel, or the negated error number
    long invoke(long first, long second, long third, long fourth, long fifth, long sixth) {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        int slot = ErrnoCells.slotOfThisThread();
        MemorySegment cell = ErrnoCells.take(slot);
        long result = syscall(cell, number, first, second, third, fourth, fifth, sixth);
        long answer = result == -1 ? -cell.get(ValueLayout.JAVA_INT, Libc.ERRNO_OFFSET) : result;
        ErrnoCells.giveBack(slot, cell);
        return answer;
    }

    /// Makes a call with the arguments of pread(2). The owner of the memory cannot free it during the call. A call that
    /// a signal interrupts is not repeated.
    ///
    /// @return the result of the kernel, or the negated error number
    long transfer(long descriptor, MemorySegment memory, long byteSize, long byteOffset) {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        int slot = ErrnoCells.slotOfThisThread();
        MemorySegment cell = ErrnoCells.take(slot);
        try {
            long result = (long) Transfer.HANDLE.invokeExact(cell, number, descriptor, memory, byteSize, byteOffset);
            return result == -1 ? -cell.get(ValueLayout.JAVA_INT, Libc.ERRNO_OFFSET) : result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        } finally {
            ErrnoCells.giveBack(slot, cell);
        }
    }

    /// Links the function that [#transfer] calls. Linking needs memory of the Java heap, and a transfer must not. So
    /// the caller that opens a file links it first.
    static void linkTransfer() {
        Objects.requireNonNull(Transfer.HANDLE);
    }

    /// {@return this call with two arguments and no result, as an object that consists of JDK classes only}
    @SuppressWarnings("unchecked") // a proxy has no type parameters
    BiConsumer<Long, Long> withoutResult() {
        long number = Libc.IS_AARCH64 ? aarch64Number : x86Number;
        return MethodHandleProxies.asInterfaceInstance(
                BiConsumer.class, MethodHandles.insertArguments(Libc.syscallWithoutResult(), 0, number));
    }

    /// Calls a native function that does nothing. The thread passes a safepoint poll when it returns.
    static void poll() {
        try {
            long ignored = (long) Labs.HANDLE.invokeExact(0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    /// {@return the size of an OS page in bytes}
    static long pageSize() {
        try {
            MemorySegment cell = Arena.ofAuto().allocate(Libc.ERRNO_LAYOUT);
            return (long) Sysconf.HANDLE.invokeExact(cell, Libc.SC_PAGESIZE, 0L, 0L, 0L, 0L, 0L, 0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    private static long syscall(
            MemorySegment cell, long number, long first, long second, long third, long fourth, long fifth, long sixth) {
        try {
            return (long) Syscall.HANDLE.invokeExact(cell, number, first, second, third, fourth, fifth, sixth);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw undeclared(e);
        }
    }

    private static AssertionError undeclared(Throwable e) {
        return new AssertionError("a downcall threw a checked exception", e);
    }

    /// The functions of the C library that this class calls. Each has a class of its own and is linked when that class
    /// is initialized, because linking a function is a large part of a cold start.
    private static final class Libc {
        static final boolean IS_AARCH64 = OsOptions.ofSystem().isAarch64();

        /// _SC_PAGESIZE of glibc and musl.
        static final long SC_PAGESIZE = 30;

        static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
        static final long ERRNO_OFFSET = ERRNO_LAYOUT.byteOffset(PathElement.groupElement("errno"));

        static MethodHandle syscallWithoutResult() {
            return handle(
                    "syscall",
                    FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                    Linker.Option.firstVariadicArg(1));
        }

        static MethodHandle withLongs(String name) {
            return handle(
                    name,
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
        }

        @SuppressWarnings("restricted")
        static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
        }
    }

    /// syscall(2). All arguments are passed as 64 bits. The kernel uses the low half if it declares an int.
    private static final class Syscall {
        static final MethodHandle HANDLE = Libc.withLongs("syscall");
    }

    /// syscall(2) on a segment. A segment that is passed as a pointer cannot be closed by its owner during the call.
    private static final class Transfer {
        static final MethodHandle HANDLE = Libc.handle(
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
    }

    /// The absolute value. It is the cheapest function that is called like any other, with the safepoint polls of the
    /// linker.
    private static final class Labs {
        static final MethodHandle HANDLE =
                Libc.handle("labs", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    }

    /// sysconf(3), called with the arguments of syscall(2), for which the linker has made the code already. The calling
    /// conventions of both processors let a function ignore further arguments.
    private static final class Sysconf {
        static final MethodHandle HANDLE = Libc.withLongs("sysconf");
    }

    /// Memory where the linker stores errno. Each call uses one cell; an unused cell is kept in the slot of its last
    /// thread.
    ///
    /// Allocating from a confined arena for each call takes 250 ns; taking and returning a cell takes about 15 ns. If
    /// the slot of a thread is empty, the thread allocates a cell. If two threads return cells to one slot, the first
    /// cell is dropped and the garbage collector frees it.
    private static final class ErrnoCells {
        /// More than the number of threads that are in the kernel at once in a server with one event loop per core.
        private static final int SLOTS = 128;

        /// The size of a cache line, so that two threads do not write to the same line.
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
