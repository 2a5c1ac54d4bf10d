package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The kernel resources of the library: address ranges and descriptors. They are released when the class loader of the
/// library becomes unreachable.
///
/// An application server drops the class loader of an application that it stops. The garbage collector then frees the
/// Java objects of the library. Without this class, their kernel resources would stay until the process ends.
///
/// ```text
///   classes, buffers, segments, byte buffers ---> AddressSpace.ALL ---> its scope
///                                                                         |  closed by the JDK
///                                                                         v  when all are unreachable
///                                                    munmap of each range, close of each descriptor
/// ```
///
/// The cleanup code must not keep the class loader reachable. So it consists only of objects whose classes are in the
/// JDK: two maps, and method handles.
///
/// **Threads.** Thread-safe.
final class KernelHoldings {

    private static final ConcurrentSkipListMap<Long, Long> RANGES =
            new ConcurrentSkipListMap<>(); // (A) size by address, in bytes
    private static final Map<Long, Long> DESCRIPTORS = new ConcurrentHashMap<>(); // (A) 0 by number

    private KernelHoldings() {}

    /// Records a mapped range. If that fails, unmaps the range.
    ///
    /// @param address address of the first byte
    /// @param byteSize size in bytes
    static void addRange(long address, long byteSize) {
        boolean isRecorded = false;
        try {
            RANGES.put(address, byteSize);
            isRecorded = true;
        } finally {
            if (!isRecorded) {
                forgetRange(address, byteSize);
            }
        }
    }

    /// Unmaps a range whose record failed. The map may have added the range before it failed, and another thread may
    /// get the addresses right after the call.
    private static void forgetRange(long address, long byteSize) {
        try {
            RANGES.remove(address);
        } finally {
            LinuxCall.MUNMAP.invoke(address, byteSize, 0, 0, 0, 0);
        }
    }

    /// Unmaps a range, or a part of one, and removes it from the records.
    ///
    /// @return 0, or the negated error number; the range is recorded then
    static long unmapRange(long address, long byteSize) {
        removeRange(address, byteSize);
        long result = LinuxCall.MUNMAP.invoke(address, byteSize, 0);
        if (result < 0) {
            recordAgain(address, byteSize);
        }
        return result;
    }

    /// Removes a range, or a part of one, from the records. The caller calls this before it unmaps the range, because
    /// another thread may get the same addresses right after that. If the Java heap is full, a part may stay without a
    /// record: the part then stays mapped when the class loader goes, and no address of another owner is unmapped.
    ///
    /// @param address address of the first byte
    /// @param byteSize size in bytes
    static void removeRange(long address, long byteSize) {
        Map.Entry<Long, Long> record = RANGES.floorEntry(address);
        if (record == null || record.getKey() + record.getValue() <= address) {
            return;
        }
        long start = record.getKey();
        long end = start + record.getValue();
        if (start < address) {
            RANGES.put(start, address - start);
        } else {
            RANGES.remove(start);
        }
        if (end > address + byteSize) {
            RANGES.put(address + byteSize, end - address - byteSize);
        }
    }

    /// Records a range whose memory is in use, without a failure: if the Java heap is full, the range stays without a
    /// record.
    static void recordAgain(long address, long byteSize) {
        try {
            RANGES.put(address, byteSize);
        } catch (OutOfMemoryError e) {
            // the range stays mapped when the class loader goes
        }
    }

    /// {@return the number of bytes that are recorded in a range}
    static long recordedBytes(long address, long byteSize) {
        Long first = RANGES.floorKey(address);
        long bytes = 0;
        for (Map.Entry<Long, Long> record :
                RANGES.tailMap(first == null ? address : first, true).entrySet()) {
            long start = Math.max(address, record.getKey());
            long end = Math.min(address + byteSize, record.getKey() + record.getValue());
            bytes += Math.max(0, end - start);
        }
        return bytes;
    }

    /// Records an open descriptor. If that fails, closes the descriptor.
    ///
    /// @param opened the descriptor, or a negated error number, which is not recorded
    /// @return `opened`
    static long addDescriptor(long opened) {
        boolean isRecorded = opened < 0;
        try {
            if (!isRecorded) {
                DESCRIPTORS.put(opened, 0L);
                isRecorded = true;
            }
            return opened;
        } finally {
            if (!isRecorded) {
                closeDescriptor(opened); // the map may have added the record before it failed
            }
        }
    }

    /// Closes a descriptor and removes its record. It needs no deeper stack than the call that opened the descriptor.
    ///
    /// @return 0, or the negated error number
    static long closeDescriptor(long descriptor) {
        long result;
        try {
            DESCRIPTORS.remove(descriptor); // first: after the close another thread may get this number
        } finally {
            result = LinuxCall.CLOSE.invoke(descriptor, 0, 0, 0, 0, 0);
        }
        return result;
    }

    /// Releases all recorded resources at the end of a scope.
    static final class End {

        private final Arena scope; // (C) reachable as long as the library is
        private boolean isArmed; // (L) this

        End(Arena scope) {
            this.scope = scope;
        }

        /// Registers the cleanup, which runs when the scope ends. It takes a large part of the time of a cold start. So
        /// it is called later, but before the class loader can become unreachable. A second call has no effect.
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
        MethodHandle ranges = forEach(RANGES, LinuxCall.MUNMAP.withoutResult());
        MethodHandle descriptors = forEach(DESCRIPTORS, LinuxCall.CLOSE.withoutResult());
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
