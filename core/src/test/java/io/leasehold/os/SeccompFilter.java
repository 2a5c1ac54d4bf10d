package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Collection;

/// A filter of system calls for this whole process, like that of a container runtime: some calls return an error
/// number, and all others are made.
///
/// This class uses no class of Leasehold, so a program can install the filter before it loads one. A filter cannot be
/// removed, so only a forked JVM installs one.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/seccomp.2.html">seccomp(2)</a>
public final class SeccompFilter {

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;
    private static final int SECCOMP_RET_ERRNO = 0x0005_0000;
    private static final int SECCOMP_RET_ALLOW = 0x7fff_0000;

    /// Loads the 32-bit word at an offset of `struct seccomp_data`, whose first word is the number of the call.
    private static final int BPF_LD_W_ABS = 0x20;

    private static final int BPF_JMP_JEQ_K = 0x15;
    private static final int BPF_RET_K = 0x06;
    private static final int INSTRUCTION_BYTES = 8;

    private SeccompFilter() {}

    /// The calls that a filter can refuse.
    public enum Call {
        FADVISE64(221, 223),
        FALLOCATE(285, 47),
        IO_URING_SETUP(425, 425),
        MADVISE(28, 233),
        MEMBARRIER(324, 283),
        MEMFD_CREATE(319, 279),
        MINCORE(27, 232),
        MLOCK(149, 228),
        MSYNC(26, 227),
        MUNLOCK(150, 229),
        PIDFD_OPEN(434, 434),
        PRCTL(157, 167),
        PROCESS_MADVISE(440, 440),
        RECVMMSG(299, 243),
        SCHED_YIELD(24, 124),
        SYNC_FILE_RANGE(277, 84),
        USERFAULTFD(323, 282);

        private final int x86Number;
        private final int aarch64Number;

        Call(int x86Number, int aarch64Number) {
            this.x86Number = x86Number;
            this.aarch64Number = aarch64Number;
        }

        private int number() {
            return isAarch64() ? aarch64Number : x86Number;
        }
    }

    /// Makes calls fail in all threads of this process.
    ///
    /// @param refused calls that fail
    /// @param errno error number that they return
    /// @return true if the filter is installed; the machine may refuse it
    @SuppressWarnings("restricted")
    public static boolean install(Collection<Call> refused, int errno) throws Throwable {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor type = FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG);
        MethodHandle syscall = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"), type, Linker.Option.firstVariadicArg(1));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = program(refused, errno, arena);
            // struct sock_fprog: the number of instructions in 16 bits, padding, the address of the first
            MemorySegment header = arena.allocate(16, Long.BYTES);
            header.set(ValueLayout.JAVA_SHORT, 0, (short) (program.byteSize() / INSTRUCTION_BYTES));
            header.set(ValueLayout.JAVA_LONG, Long.BYTES, program.address());
            long prctl = isAarch64() ? 167 : 157;
            long seccomp = isAarch64() ? 277 : 317;
            long ready = (long) syscall.invokeExact(prctl, (long) PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
            long installed = (long) syscall.invokeExact(
                    seccomp,
                    (long) SECCOMP_SET_MODE_FILTER,
                    (long) SECCOMP_FILTER_FLAG_TSYNC,
                    header.address(),
                    0L,
                    0L);
            return ready == 0 && installed == 0;
        }
    }

    private static MemorySegment program(Collection<Call> refused, int errno, Arena arena) {
        MemorySegment program = arena.allocate((2L + 2L * refused.size()) * INSTRUCTION_BYTES, Long.BYTES);
        int at = 0;
        write(program, at++, BPF_LD_W_ABS, 0, 0);
        for (Call call : refused) {
            write(program, at++, BPF_JMP_JEQ_K, 1, call.number());
            write(program, at++, BPF_RET_K, 0, SECCOMP_RET_ERRNO | errno);
        }
        write(program, at, BPF_RET_K, 0, SECCOMP_RET_ALLOW);
        return program;
    }

    /// Writes a `struct sock_filter`.
    ///
    /// @param skip number of instructions to skip if a comparison is false
    private static void write(MemorySegment program, int index, int code, int skip, int operand) {
        long place = (long) index * INSTRUCTION_BYTES;
        program.set(ValueLayout.JAVA_SHORT, place, (short) code);
        program.set(ValueLayout.JAVA_BYTE, place + 2, (byte) 0);
        program.set(ValueLayout.JAVA_BYTE, place + 3, (byte) skip);
        program.set(ValueLayout.JAVA_INT, place + 4, operand);
    }

    private static boolean isAarch64() {
        return System.getProperty("os.arch").equals("aarch64");
    }
}
