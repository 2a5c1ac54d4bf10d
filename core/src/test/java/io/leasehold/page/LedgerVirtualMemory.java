package io.leasehold.page;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The virtual memory of this process with a ledger of what is reserved, open and locked. A test can check that nothing
/// is left. The ledger can also hide capabilities, so that the portable form can be tested anywhere.
///
/// If it hides [Capability#DECOMMIT], it never unmaps, as portable memory does not. A released range is kept and serves
/// the next reservation of its size.
///
/// A call that no correct caller makes, for example outside every reservation, throws an [AssertionError].
///
/// **Threads.** Thread-safe. The ledger is guarded by `this`, the delegate calls are not.
final class LedgerVirtualMemory implements VirtualMemory {

    private final VirtualMemory delegate = VirtualMemory.system(); // (C)
    private final Set<Capability> hidden; // (C)
    private final TreeMap<Long, Long> reserved = new TreeMap<>(); // (L) this; address to size
    private final TreeMap<Long, Long> kept = new TreeMap<>(); // (L) this; released, but not unmapped
    private final Set<Integer> descriptors = new HashSet<>(); // (L) this
    private final TreeSet<Long> lockedPages = new TreeSet<>(); // (L) this; addresses
    private int created; // (L) this; memory files so far
    private boolean locksHalf; // (L) this
    private volatile long hugePageSize = delegate.hugePageSize(); // (A)
    private volatile Runnable beforeDecommit = () -> {}; // (A)
    private volatile Runnable beforeUnlock = () -> {}; // (A)

    LedgerVirtualMemory(Set<Capability> hidden) {
        this.hidden = Set.copyOf(hidden);
    }

    /// Sets an action that is run before each decommit, in the thread that makes it.
    void beforeDecommit(Runnable action) {
        beforeDecommit = action;
    }

    /// Sets an action that is run before each unlock, in the thread that makes it.
    void beforeUnlock(Runnable action) {
        beforeUnlock = action;
    }

    /// Sets the size of a huge page in bytes, which depends on the size of a page in the kernel.
    void hugePageSize(long byteSize) {
        hugePageSize = byteSize;
    }

    /// Makes every lock call fail after it locked a part, as mlock(2) may.
    synchronized void lockOnlyHalf(boolean on) {
        locksHalf = on;
    }

    /// {@return number of bytes of address space that are reserved and not released}
    synchronized long reservedBytes() {
        return reserved.values().stream().mapToLong(Long::longValue).sum();
    }

    /// {@return number of memory files that were created and not closed}
    synchronized Set<Integer> openDescriptors() {
        return Set.copyOf(descriptors);
    }

    /// {@return number of memory files that were created so far}
    synchronized int createdDescriptors() {
        return created;
    }

    /// Releases everything that is left. The caller knows that nothing is used any more.
    synchronized void releaseAll() {
        Map.copyOf(reserved).forEach(this::release);
        Set.copyOf(descriptors).forEach(this::closeMemory);
    }

    /// {@return number of OS pages that are locked}
    synchronized int lockedPageCount() {
        return lockedPages.size();
    }

    @Override
    public boolean can(Capability capability) {
        return !hidden.contains(capability) && delegate.can(capability);
    }

    @Override
    public long pageSize() {
        return delegate.pageSize();
    }

    @Override
    public long hugePageSize() {
        return hugePageSize;
    }

    @Override
    public long memoryLimit() {
        return delegate.memoryLimit();
    }

    @Override
    public long mappingLimit() {
        return delegate.mappingLimit();
    }

    @Override
    public long reserve(long byteSize, long byteAlignment) {
        synchronized (this) {
            for (Map.Entry<Long, Long> range : kept.entrySet()) {
                long start = range.getKey();
                if (range.getValue() == byteSize && start % byteAlignment == 0) {
                    kept.remove(start);
                    reserved.put(start, byteSize);
                    return start;
                }
            }
        }
        long address = delegate.reserve(byteSize, byteAlignment);
        synchronized (this) {
            reserved.put(address, byteSize);
        }
        return address;
    }

    @Override
    public void commit(long address, long byteSize) {
        checkReserved("commit", address, byteSize);
        delegate.commit(address, byteSize);
    }

    @Override
    public void decommit(Backing backing, long address, long byteSize) {
        need(Capability.DECOMMIT);
        checkReserved("decommit", address, byteSize);
        delegate.decommit(backing, address, byteSize);
    }

    @Override
    public void decommit(Backing backing, long[] addresses, long[] byteSizes, int count) {
        need(Capability.DECOMMIT);
        for (int i = 0; i < count; i++) {
            checkReserved("decommit", addresses[i], byteSizes[i]);
        }
        beforeDecommit.run();
        delegate.decommit(backing, addresses, byteSizes, count);
    }

    @Override
    public void release(long address, long byteSize) {
        checkReserved("release", address, byteSize);
        boolean unmaps = !hidden.contains(Capability.DECOMMIT);
        if (unmaps) {
            delegate.release(address, byteSize);
        } else if (delegate.can(Capability.DECOMMIT)) {
            delegate.decommit(Backing.ANONYMOUS, address, byteSize);
        } else {
            delegate.release(address, byteSize);
            unmaps = true;
        }
        synchronized (this) {
            if (!unmaps) {
                kept.put(address, byteSize);
            }
            if (!reserved.remove(address, byteSize)) {
                throw new AssertionError("released a part of a reservation: byteSize=" + byteSize);
            }
            dropLocks(address, byteSize);
        }
    }

    @Override
    public void protect(long address, long byteSize, Protection protection) {
        need(Capability.PROTECT);
        checkReserved("protect", address, byteSize);
        delegate.protect(address, byteSize, protection);
    }

    @Override
    public void advise(long address, long byteSize, Advice advice) {
        checkReserved("advise", address, byteSize);
        if (can(Capability.ADVISE)) {
            delegate.advise(address, byteSize, advice);
        }
    }

    @Override
    public void lock(long address, long byteSize) {
        need(Capability.LOCK);
        checkReserved("lock", address, byteSize);
        boolean half;
        synchronized (this) {
            half = locksHalf;
        }
        long bytes = half ? pageSize() : byteSize;
        delegate.lock(address, bytes);
        synchronized (this) {
            for (long page = address; page < address + bytes; page += pageSize()) {
                lockedPages.add(page);
            }
        }
        if (half) {
            throw SystemCallException.ofRange("mlock", address, byteSize, "", Errno.ENOMEM);
        }
    }

    @Override
    public void unlock(long address, long byteSize) {
        need(Capability.LOCK);
        checkReserved("unlock", address, byteSize);
        beforeUnlock.run();
        delegate.unlock(address, byteSize);
        synchronized (this) {
            dropLocks(address, byteSize);
        }
    }

    @Override
    public int createMemory(String name, long byteSize) {
        need(Capability.MAP);
        int descriptor = delegate.createMemory(name, byteSize);
        synchronized (this) {
            descriptors.add(descriptor);
            created++;
        }
        return descriptor;
    }

    @Override
    public void closeMemory(int descriptor) {
        need(Capability.MAP);
        synchronized (this) {
            if (!descriptors.remove(descriptor)) {
                throw new AssertionError("closed a descriptor that is not open: " + descriptor);
            }
        }
        delegate.closeMemory(descriptor);
    }

    @Override
    public void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection) {
        need(Capability.MAP);
        checkReserved("map", address, byteSize);
        delegate.map(address, byteSize, descriptor, byteOffset, protection);
    }

    @Override
    public void unmap(long address, long byteSize) {
        need(Capability.MAP);
        checkReserved("unmap", address, byteSize);
        delegate.unmap(address, byteSize);
        synchronized (this) {
            dropLocks(address, byteSize);
        }
    }

    @Override
    public long remap(long address, long oldByteSize, long newByteSize) {
        throw new AssertionError("no arena moves memory: byteSize=" + newByteSize);
    }

    @Override
    public long residentBytes(long address, long byteSize) {
        need(Capability.RESIDENCY);
        return delegate.residentBytes(address, byteSize);
    }

    @Override
    public void barrier() {
        need(Capability.BARRIER);
        delegate.barrier();
    }

    @Override
    public void name(long address, long byteSize, String name) {
        checkReserved("name", address, byteSize);
        delegate.name(address, byteSize, name);
    }

    @Override
    public synchronized String toString() {
        return "LedgerVirtualMemory(reserved=%d, descriptors=%s, lockedPages=%d, hidden=%s)"
                .formatted(reserved.size(), descriptors, lockedPages.size(), hidden);
    }

    private void need(Capability capability) {
        if (!can(capability)) {
            throw new UnsupportedOperationException("hidden: " + capability);
        }
    }

    private synchronized void checkReserved(String call, long address, long byteSize) {
        Map.Entry<Long, Long> range = reserved.floorEntry(address);
        if (range == null || range.getKey() + range.getValue() < address + byteSize) {
            throw new AssertionError("%s outside every reservation: address=0x%x, byteSize=%d, ledger=%s"
                    .formatted(call, address, byteSize, reserved));
        }
    }

    private void dropLocks(long address, long byteSize) {
        lockedPages.subSet(address, address + byteSize).clear();
    }
}
