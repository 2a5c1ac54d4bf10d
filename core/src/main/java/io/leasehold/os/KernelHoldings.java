package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// What the library holds of the kernel: address ranges and descriptors. They go when its class loader goes.
///
/// An application server drops the class loader of an application that it stops. The Java objects of the library are
/// collected then; what they held of the kernel would stay for the rest of the process.
///
/// ```text
///   classes, buffers, segments, byte buffers ---> AddressSpace.ALL ---> its scope
///                                                                         |  ended by the JDK when none is left
///                                                                         v
///                                                    munmap of each range, close of each descriptor
/// ```
///
/// What runs at the end must not keep the class loader alive. So it consists of objects whose classes are the JDK's:
/// two maps, and method handles.
///
/// **Threads.** Thread-safe.
final class KernelHoldings {

    private static final Map<Long, Long> RANGES = new ConcurrentHashMap<>(); // (A) size by address, in bytes
    private static final Map<Long, Long> DESCRIPTORS = new ConcurrentHashMap<>(); // (A) 0 by number

    private KernelHoldings() {}

    /// Notes a range that was mapped, or unmaps it if it cannot be noted.
    ///
    /// @param address the first byte
    /// @param byteSize the size in bytes
    static void addRange(long address, long byteSize) {
        boolean isNoted = false;
        try {
            RANGES.put(address, byteSize);
            isNoted = true;
        } finally {
            if (!isNoted) {
                LinuxCall.MUNMAP.invoke(address, byteSize, 0);
            }
        }
    }

    /// Notes that a range has another address or size.
    static void moveRange(long oldAddress, long address, long byteSize) {
        RANGES.put(address, byteSize);
        if (address != oldAddress) {
            RANGES.remove(oldAddress);
        }
    }

    /// Forgets a range that was unmapped.
    static void removeRange(long address) {
        RANGES.remove(address);
    }

    /// Notes a descriptor that was opened, or closes it if it cannot be noted.
    ///
    /// @param opened the descriptor, or a negated error number, which is not noted
    /// @return `opened`
    static long addDescriptor(long opened) {
        boolean isNoted = opened < 0;
        try {
            if (!isNoted) {
                DESCRIPTORS.put(opened, 0L);
                isNoted = true;
            }
            return opened;
        } finally {
            if (!isNoted) {
                LinuxCall.CLOSE.invoke(opened, 0, 0);
            }
        }
    }

    /// Closes a descriptor.
    ///
    /// @return 0, or the negated error number
    static long closeDescriptor(long descriptor) {
        DESCRIPTORS.remove(descriptor); // first: once it is closed, another thread may open one of the same number
        return LinuxCall.CLOSE.invoke(descriptor, 0, 0);
    }

    /// The end of a scope, at which everything is given back.
    static final class End {

        private final Arena scope; // (C) reachable for as long as something of the library is
        private boolean isArmed; // (L) this

        End(Arena scope) {
            this.scope = scope;
        }

        /// Has everything given back when the scope ends. It costs much of the time of a cold start, so it is done when
        /// there is time, but before the class loader can go. Arming twice has no effect.
        @SuppressWarnings("restricted")
        synchronized void arm() {
            if (!isArmed) {
                var _ = MemorySegment.NULL.reinterpret(scope, cleanup());
                isArmed = true;
            }
        }
    }

    @SuppressWarnings("unchecked") // a proxy has no type parameters
    private static Consumer<MemorySegment> cleanup() {
        MethodHandle ranges = forEach(RANGES, LinuxCall.MUNMAP.withoutAnswer());
        MethodHandle descriptors = forEach(DESCRIPTORS, LinuxCall.CLOSE.withoutAnswer());
        MethodHandle both = MethodHandles.foldArguments(descriptors, ranges);
        return MethodHandleProxies.asInterfaceInstance(
                Consumer.class, MethodHandles.dropArguments(both, 0, MemorySegment.class));
    }

    private static MethodHandle forEach(Map<Long, Long> map, BiConsumer<Long, Long> action) {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Map.class, "forEach", MethodType.methodType(void.class, BiConsumer.class))
                    .bindTo(map)
                    .bindTo(action);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("Map.forEach is public", e);
        }
    }
}
