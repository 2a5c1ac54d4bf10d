package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The memory that all addresses of [VirtualMemory#system()] point into, as one segment.
///
/// An accessor is written once. If the segment is the whole address space, it is a plain load or store:
///
/// ```java
/// long value = AddressSpace.ALL.get(ValueLayout.JAVA_LONG, address - AddressSpace.BASE);
/// ```
///
/// | | [#ALL] | [#BASE] |
/// |---|---|---|
/// | native | every address | 0 |
/// | portable | one bounded segment | its first address |
///
/// The form is chosen when this class is initialized. It is native on Linux on x86-64 and aarch64, unless the JVM
/// refuses native access (`--illegal-native-access=deny`) or the property `io.leasehold.memory` is `portable`. The
/// portable choice is logged once to `io.leasehold`, with its reason. The library of the agent logs nothing and leaves
/// the report to the agent, because a logger would start the logging of the program before the program has configured
/// it.
///
/// **Ownership.** The memory stays until no class, segment or byte buffer of the library is reachable any more. That
/// happens only if the class loader of the library becomes unreachable; see [KernelHoldings].
///
/// **Threads.** Immutable. The caller orders the loads and stores in it.
public final class AddressSpace {

    /// The module of the library in the agent, which gets native access unless the command line denies it.
    private static final String AGENT_MODULE = "io.leasehold.agent.library";

    /// Values of `os.arch` for processors whose OS pages always have 4 KiB.
    private static final Set<String> SMALL_PAGE_MACHINES = Set.of("amd64", "x86_64");

    private static final long SMALL_PAGE_BYTES = 4096;

    private static final Choice CHOICE = choose(OsOptions.ofSystem());

    /// All memory, native or portable.
    public static final MemorySegment ALL = CHOICE.all;

    /// The address of the first byte of [#ALL].
    public static final long BASE = ALL.address();

    private AddressSpace() {}

    /// {@return true if [#ALL] is the whole address space of this process}
    public static boolean isNative() {
        return CHOICE.memory instanceof LinuxVirtualMemory;
    }

    /// {@return true if this virtual machine is HotSpot and its OS pages are known to have 4 KiB}
    public static boolean isHotSpotWithSmallPages() {
        OsOptions options = OsOptions.ofSystem();
        boolean hasSmallPages = SMALL_PAGE_MACHINES.contains(options.osArch())
                || (isNative() && memory().pageSize() == SMALL_PAGE_BYTES);
        return options.isHotSpot() && hasSmallPages;
    }

    /// {@return the reason why [#ALL] is not the whole address space; empty if it is}
    public static String portableCause() {
        return CHOICE.cause;
    }

    /// Arranges that the kernel resources of the library are released when the library becomes unreachable.
    ///
    /// The first call takes about ten milliseconds. In the portable form the JDK releases its memory and files without
    /// this.
    public static void releaseAtEnd() {
        KernelHoldings.End end = CHOICE.end;
        if (end != null) {
            end.arm();
        }
    }

    static VirtualMemory memory() {
        return CHOICE.memory;
    }

    /// {@return the sockets of the same form: native if this memory is native}
    static Datagrams datagrams() {
        return Sockets.SYSTEM;
    }

    static Files files() {
        return CHOICE.files;
    }

    @SuppressWarnings("restricted")
    private static Choice choose(OsOptions options) {
        JdkErrno.initialize();
        if (options.memory() == OsOptions.Memory.PORTABLE) {
            return choosePortable(options, "asked for by " + OsOptions.MEMORY + "=portable");
        }
        String refusal;
        if (options.isKnownLinux()) {
            try {
                Arena scope = Arena.ofAuto();
                // This is the first restricted call: if it is refused, no state has been set up yet.
                MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE, scope, null);
                return new Choice(LinuxVirtualMemory.open(), new LinuxFiles(), all, new KernelHoldings.End(scope), "");
            } catch (IllegalCallerException e) {
                refusal = "native access is refused" + remedy();
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
        if (!isOfAgent()) {
            System.getLogger("io.leasehold")
                    .log(System.Logger.Level.INFO, "portable memory is in use: " + reason + "; " + memory);
        }
        return new Choice(memory, new PortableFiles(), memory.segment(), null, reason);
    }

    private static String remedy() {
        Module module = AddressSpace.class.getModule();
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return isOfAgent() ? "" : ", add --enable-native-access=" + name;
    }

    private static boolean isOfAgent() {
        return AGENT_MODULE.equals(AddressSpace.class.getModule().getName());
    }

    /// @param cause why the memory is portable; empty if it is native
    private record Choice(
            VirtualMemory memory, Files files, MemorySegment all, KernelHoldings.@Nullable End end, String cause) {}

    /// A class of its own, so that a process that never uses a socket opens none.
    private static final class Sockets {
        static final Datagrams SYSTEM = isNative() ? LinuxDatagrams.open() : new PortableDatagrams(ALL);
    }
}
