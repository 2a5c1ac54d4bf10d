package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The memory that all addresses of [VirtualMemory#system()] point into, as one segment.
///
/// An accessor is written once and is a bare load or store where the segment is the whole address space:
///
/// ```java
/// long value = AddressSpace.ALL.get(ValueLayout.JAVA_LONG, address - AddressSpace.BASE);
/// ```
///
/// | | [#ALL] | [#BASE] |
/// |---|---|---|
/// | native | every address | 0 |
/// | portable | one bounded segment | where it starts |
///
/// Which of the two is decided when this class is initialised: native on Linux on x86-64 and aarch64, unless the JVM
/// refuses native access (`--illegal-native-access=deny`) or the property `io.leasehold.memory` says `portable`. The
/// portable choice is logged once to `io.leasehold`, with its reason.
///
/// **Ownership.** It stays until no class of the library, no segment and no byte buffer of it can be reached any more,
/// which needs a class loader that goes; see [KernelHoldings].
///
/// **Threads.** Immutable; what is read and written through it is the caller's to order.
public final class AddressSpace {

    private static final Choice CHOICE = choose(OsOptions.ofSystem());

    /// All memory there is, native or portable.
    public static final MemorySegment ALL = CHOICE.all;

    /// The address of the first byte of [#ALL].
    public static final long BASE = ALL.address();

    private AddressSpace() {}

    /// {@return whether [#ALL] is the whole address space of this process}
    public static boolean isNative() {
        return CHOICE.memory instanceof LinuxVirtualMemory;
    }

    /// Has the kernel take back all that the library holds when nothing of the library can be reached any more. The
    /// first call takes some ten milliseconds; where memory and files are the JDK's, they go without it.
    public static void releaseAtEnd() {
        KernelHoldings.End end = CHOICE.end;
        if (end != null) {
            end.arm();
        }
    }

    static VirtualMemory memory() {
        return CHOICE.memory;
    }

    /// {@return the sockets that go with this memory: native where it is}
    static Datagrams datagrams() {
        return Sockets.SYSTEM;
    }

    static Files files() {
        return CHOICE.files;
    }

    @SuppressWarnings("restricted")
    private static Choice choose(OsOptions options) {
        if (options.memory() == OsOptions.Memory.PORTABLE) {
            return choosePortable(options, "asked for by " + OsOptions.MEMORY + "=portable");
        }
        String refusal;
        if (options.isKnownLinux()) {
            try {
                Arena scope = Arena.ofAuto();
                // The first restricted call: it is refused before any state is set up.
                MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE, scope, null);
                return new Choice(LinuxVirtualMemory.open(), new LinuxFiles(), all, new KernelHoldings.End(scope));
            } catch (IllegalCallerException e) {
                refusal = "native access is refused, add --enable-native-access=" + nativeAccessName();
            }
        } else {
            refusal = "this system is not known, os.name=" + options.osName() + ", os.arch=" + options.osArch();
        }
        if (options.memory() == OsOptions.Memory.NATIVE) {
            throw new IllegalStateException(OsOptions.MEMORY + "=native is impossible: " + refusal);
        }
        return choosePortable(options, refusal);
    }

    private static Choice choosePortable(OsOptions options, String reason) {
        long byteSize = options.portableBytes().orElseGet(MemoryLimit::ofSystem);
        PortableVirtualMemory memory = PortableVirtualMemory.open(byteSize);
        System.getLogger("io.leasehold")
                .log(System.Logger.Level.INFO, "portable memory is in use: " + reason + "; " + memory);
        return new Choice(memory, new PortableFiles(), memory.segment(), null);
    }

    private static String nativeAccessName() {
        Module module = AddressSpace.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }

    private record Choice(VirtualMemory memory, Files files, MemorySegment all, KernelHoldings.@Nullable End end) {}

    /// Kept apart, so that a process which never asks for a socket opens none.
    private static final class Sockets {
        static final Datagrams SYSTEM = isNative() ? LinuxDatagrams.open() : new PortableDatagrams(ALL);
    }
}
