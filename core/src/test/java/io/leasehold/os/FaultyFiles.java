package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// Files that fail on request, with the exception of the real files. It is used like [FaultyVirtualMemory].
///
/// A call that fails does not reach the real files. Calls are numbered per kind, from 1, starting when a fault is
/// armed. A kind has one armed fault at a time. A transfer can also be made short instead.
///
/// **Ownership.** Does not own the real files.
///
/// **Threads.** Thread-safe.
public final class FaultyFiles implements Files {

    /// The calls that can be made to fail.
    public enum Call {
        OPEN,
        STATUS,
        BYTE_SIZE,
        READ,
        WRITE,
        TRUNCATE,
        ALLOCATE,
        SYNC,
        SYNC_RANGE,
        WRITE_BACK,
        ADVISE,
        CLOSE
    }

    /// Used instead of an error number: a transfer moves half of its bytes and returns their number.
    public static final int SHORT = -1;

    private final Files delegate; // (C)
    private final Faults<Call> faults = new Faults<>(Call.class); // (C)
    private volatile boolean refusesMappings; // (A)

    public FaultyFiles(Files delegate) {
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

    /// Makes all files report that they cannot be mapped, or ends that.
    public void refuseMappings(boolean isRefused) {
        refusesMappings = isRefused;
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

    /// {@return the number of calls that were made to fail}
    public long injected() {
        return faults.injected();
    }

    @Override
    public boolean can(Capability capability) {
        return delegate.can(capability);
    }

    @Override
    public int open(Path path, Access access) {
        enter(Call.OPEN, "open", "path=" + path + ", " + access);
        return delegate.open(path, access);
    }

    @Override
    public Status status(int descriptor) {
        enter(Call.STATUS, "fstat", "descriptor=" + descriptor);
        return delegate.status(descriptor);
    }

    @Override
    public long byteSize(int descriptor) {
        enter(Call.BYTE_SIZE, "lseek", "descriptor=" + descriptor);
        return delegate.byteSize(descriptor);
    }

    /// {@return true if the real file can be mapped, and [#refuseMappings] is not in effect}
    @Override
    public boolean canMap(int descriptor, boolean writes) {
        return !refusesMappings && delegate.canMap(descriptor, writes);
    }

    @Override
    public boolean tellsLength(int descriptor) {
        return delegate.tellsLength(descriptor);
    }

    @Override
    public FileChannel openChannel(int descriptor) {
        enter(Call.OPEN, "open", "descriptor=" + descriptor);
        return delegate.openChannel(descriptor);
    }

    @Override
    public long read(int descriptor, MemorySegment to, long byteOffset) {
        return delegate.read(descriptor, enterTransfer(Call.READ, "pread", descriptor, to, byteOffset), byteOffset);
    }

    @Override
    public long write(int descriptor, MemorySegment from, long byteOffset) {
        return delegate.write(
                descriptor, enterTransfer(Call.WRITE, "pwrite", descriptor, from, byteOffset), byteOffset);
    }

    @Override
    public void truncate(int descriptor, long byteSize) {
        enter(Call.TRUNCATE, "ftruncate", "descriptor=" + descriptor + ", byteSize=" + byteSize);
        delegate.truncate(descriptor, byteSize);
    }

    @Override
    public void allocate(int descriptor, long byteOffset, long byteSize) {
        enterRange(Call.ALLOCATE, "fallocate", descriptor, byteOffset, byteSize);
        delegate.allocate(descriptor, byteOffset, byteSize);
    }

    @Override
    public void sync(int descriptor) {
        enter(Call.SYNC, "fdatasync", "descriptor=" + descriptor);
        delegate.sync(descriptor);
    }

    @Override
    public void sync(int descriptor, long byteOffset, long byteSize) {
        enterRange(Call.SYNC_RANGE, "msync", descriptor, byteOffset, byteSize);
        delegate.sync(descriptor, byteOffset, byteSize);
    }

    @Override
    public void writeBack(int descriptor, long byteOffset, long byteSize) {
        enterRange(Call.WRITE_BACK, "sync_file_range", descriptor, byteOffset, byteSize);
        delegate.writeBack(descriptor, byteOffset, byteSize);
    }

    @Override
    public void advise(int descriptor, long byteOffset, long byteSize, Advice advice) {
        enterRange(Call.ADVISE, "posix_fadvise", descriptor, byteOffset, byteSize);
        delegate.advise(descriptor, byteOffset, byteSize, advice);
    }

    @Override
    public void close(int descriptor) {
        try {
            enter(Call.CLOSE, "close", "descriptor=" + descriptor);
        } catch (SystemCallException e) {
            delegate.close(descriptor); // as the kernel does
            throw e;
        }
        delegate.close(descriptor);
    }

    @Override
    public String toString() {
        return "FaultyFiles(" + faults + ", delegate=" + delegate + ")";
    }

    private MemorySegment enterTransfer(Call call, String name, int descriptor, MemorySegment memory, long byteOffset) {
        int errno = faults.countAndStrike(call);
        if (errno == SHORT) {
            return memory.asSlice(0, memory.byteSize() / 2);
        }
        if (errno != 0) {
            throw FilePreconditions.ofTransfer(name, descriptor, memory, byteOffset, errno);
        }
        return memory;
    }

    private void enterRange(Call call, String name, int descriptor, long byteOffset, long byteSize) {
        enter(call, name, "descriptor=" + descriptor + ", byteOffset=" + byteOffset + ", byteSize=" + byteSize);
    }

    private void enter(Call call, String name, String arguments) {
        int errno = faults.countAndStrike(call);
        if (errno != 0) {
            throw new SystemCallException(name, arguments, errno);
        }
    }
}
