package io.leasehold.os;

import io.leasehold.error.SystemCallException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/// Virtual memory that fails on request, with the exception of the real memory.
///
/// A call that fails does not reach the real memory. Calls are numbered per kind, from 1, starting when a fault is
/// armed. A kind has one armed fault at a time.
///
/// ```java
/// int nth = 0;
/// do {
///     faulty.failOnce(Call.COMMIT, ++nth, Errno.ENOMEM);
///     runAndCheckInvariants();
/// } while (!faulty.isArmed(Call.COMMIT)); // still armed: the run made fewer calls than that
/// faulty.disarm();
/// ```
///
/// **Ownership.** Does not own the real memory.
///
/// **Threads.** Thread-safe.
public final class FaultyVirtualMemory implements VirtualMemory {

    /// The calls that can be made to fail. Both forms of decommit are one kind.
    public enum Call {
        RESERVE,
        COMMIT,
        DECOMMIT,
        RELEASE,
        PROTECT,
        ADVISE,
        LOCK,
        UNLOCK,
        CREATE_MEMORY,
        CLOSE_MEMORY,
        MAP,
        UNMAP,
        REMAP,
        RESIDENT,
        BARRIER
    }

    private final VirtualMemory delegate; // (C)
    private final Map<Long, String> names = new ConcurrentHashMap<>();
    private final Faults<Call> faults = new Faults<>(Call.class); // (C)

    public FaultyVirtualMemory(VirtualMemory delegate) {
        this.delegate = delegate;
    }

    /// Makes the `nth` next call fail, and no other.
    public void failOnce(Call call, int nth, int errno) {
        faults.failOnce(call, nth, errno);
    }

    /// Makes the `nth` next call fail, and all calls after it.
    public void failFrom(Call call, int nth, int errno) {
        faults.failFrom(call, nth, errno);
    }

    /// Removes all faults. The counters stay.
    public void disarm() {
        faults.disarm();
    }

    /// {@return true if a fault of this kind is armed and has not happened yet}
    public boolean isArmed(Call call) {
        return faults.isArmed(call);
    }

    /// {@return the number of calls, including failed ones}
    public long count(Call call) {
        return faults.count(call);
    }

    /// {@return the last name and the size of each named range, by its address, for example `web, byteSize=4096`}
    public Map<Long, String> names() {
        return Map.copyOf(names);
    }

    /// {@return the number of calls that were made to fail}
    public long injected() {
        return faults.injected();
    }

    /// {@return the number of calls of this kind that were made to fail}
    public long injected(Call call) {
        return faults.injected(call);
    }

    @Override
    public boolean can(Capability capability) {
        return delegate.can(capability);
    }

    @Override
    public long pageSize() {
        return delegate.pageSize();
    }

    @Override
    public long hugePageSize() {
        return delegate.hugePageSize();
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
        String arguments = "byteSize=" + byteSize + ", byteAlignment=" + byteAlignment + ", NONE";
        enter(Call.RESERVE, errno -> new SystemCallException("mmap", arguments, errno));
        return delegate.reserve(byteSize, byteAlignment);
    }

    @Override
    public void commit(long address, long byteSize) {
        enterRange(Call.COMMIT, "mprotect", address, byteSize, Protection.READ_WRITE.name());
        delegate.commit(address, byteSize);
    }

    @Override
    public void decommit(Backing backing, long address, long byteSize) {
        enterRange(Call.DECOMMIT, "madvise", address, byteSize, backing.name());
        delegate.decommit(backing, address, byteSize);
    }

    @Override
    public void decommit(Backing backing, long[] addresses, long[] byteSizes, int count) {
        if (count > 0) {
            enterRange(Call.DECOMMIT, "madvise", addresses[0], byteSizes[0], backing.name());
        }
        delegate.decommit(backing, addresses, byteSizes, count);
    }

    @Override
    public void release(long address, long byteSize) {
        enterRange(Call.RELEASE, "munmap", address, byteSize, "");
        delegate.release(address, byteSize);
    }

    @Override
    public void protect(long address, long byteSize, Protection protection) {
        enterRange(Call.PROTECT, "mprotect", address, byteSize, protection.name());
        delegate.protect(address, byteSize, protection);
    }

    @Override
    public void advise(long address, long byteSize, Advice advice) {
        enterRange(Call.ADVISE, "madvise", address, byteSize, advice.name());
        delegate.advise(address, byteSize, advice);
    }

    @Override
    public void lock(long address, long byteSize) {
        enter(Call.LOCK, errno -> LinuxVirtualMemory.refusedLock(address, byteSize, errno));
        delegate.lock(address, byteSize);
    }

    @Override
    public void unlock(long address, long byteSize) {
        enterRange(Call.UNLOCK, "munlock", address, byteSize, "");
        delegate.unlock(address, byteSize);
    }

    @Override
    public int createMemory(String name, long byteSize) {
        enter(Call.CREATE_MEMORY, errno -> LinuxVirtualMemory.refusedMemoryFile(name, errno));
        return delegate.createMemory(name, byteSize);
    }

    @Override
    public void closeMemory(int descriptor) {
        enter(Call.CLOSE_MEMORY, errno -> new SystemCallException("close", "descriptor=" + descriptor, errno));
        delegate.closeMemory(descriptor);
    }

    @Override
    public void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection) {
        String detail = "descriptor=" + descriptor + ", byteOffset=" + byteOffset + ", " + protection;
        enterRange(Call.MAP, "mmap", address, byteSize, detail);
        delegate.map(address, byteSize, descriptor, byteOffset, protection);
    }

    @Override
    public void unmap(long address, long byteSize) {
        enterRange(Call.UNMAP, "mmap", address, byteSize, "");
        delegate.unmap(address, byteSize);
    }

    @Override
    public long remap(long address, long oldByteSize, long newByteSize) {
        enterRange(Call.REMAP, "mremap", address, oldByteSize, "newByteSize=" + newByteSize);
        return delegate.remap(address, oldByteSize, newByteSize);
    }

    @Override
    public long residentBytes(long address, long byteSize) {
        enterRange(Call.RESIDENT, "mincore", address, byteSize, "");
        return delegate.residentBytes(address, byteSize);
    }

    @Override
    public void barrier() {
        enter(Call.BARRIER, errno -> new SystemCallException("membarrier", "PRIVATE_EXPEDITED", errno));
        delegate.barrier();
    }

    /// Never fails, because the real memory ignores every error.
    @Override
    public void name(long address, long byteSize, String name) {
        names.put(address, name + ", byteSize=" + byteSize);
        delegate.name(address, byteSize, name);
    }

    @Override
    public String toString() {
        return "FaultyVirtualMemory(" + faults + ", delegate=" + delegate + ")";
    }

    private void enterRange(Call call, String name, long address, long byteSize, String detail) {
        enter(call, errno -> SystemCallException.ofRange(name, address, byteSize, detail, errno));
    }

    private void enter(Call call, IntFunction<SystemCallException> refusal) {
        int errno = faults.countAndStrike(call);
        if (errno != 0) {
            throw refusal.apply(errno);
        }
    }
}
