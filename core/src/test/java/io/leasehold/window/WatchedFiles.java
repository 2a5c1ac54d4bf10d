package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// Files that report the calls on one of them: the changes that a disk would see, in order and with their content.
///
/// **Ownership.** Does not own the wrapped files.
///
/// **Threads.** As the wrapped files; the watcher is called by the thread of the call, after it.
final class WatchedFiles implements Files {

    /// Receives the calls.
    interface Watcher {

        /// Bytes were read at an offset; the watcher may change them.
        default void read(long byteOffset, MemorySegment content) {}

        /// Bytes were written at an offset.
        default void written(long byteOffset, byte[] content) {}

        /// The length was changed; growth reads as zero.
        default void resized(long byteSize) {}

        /// A sync has ended, with success or not, from an offset up to another, or to [Long#MAX_VALUE] for all of the
        /// file.
        default void synced(long from, long end, boolean isDone) {}

        /// Write-back was started, and the one in flight was waited for.
        default void writtenBack(long from, long end, boolean isDone) {}
    }

    private final Files delegate; // (C)
    private final Watcher watcher; // (C)

    WatchedFiles(Files delegate, Watcher watcher) {
        this.delegate = delegate;
        this.watcher = watcher;
    }

    @Override
    public boolean can(Capability capability) {
        return delegate.can(capability);
    }

    @Override
    public int open(Path path, Access access) {
        return delegate.open(path, access);
    }

    @Override
    public Status status(int descriptor) {
        return delegate.status(descriptor);
    }

    @Override
    public boolean canMap(int descriptor, boolean writes) {
        return delegate.canMap(descriptor, writes);
    }

    @Override
    public boolean tellsLength(int descriptor) {
        return delegate.tellsLength(descriptor);
    }

    @Override
    public FileChannel openChannel(int descriptor) {
        return delegate.openChannel(descriptor);
    }

    @Override
    public long byteSize(int descriptor) {
        return delegate.byteSize(descriptor);
    }

    @Override
    public long read(int descriptor, MemorySegment to, long byteOffset) {
        long count = delegate.read(descriptor, to, byteOffset);
        watcher.read(byteOffset, to.asSlice(0, count));
        return count;
    }

    @Override
    public long write(int descriptor, MemorySegment from, long byteOffset) {
        long count = delegate.write(descriptor, from, byteOffset);
        watcher.written(byteOffset, from.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
        return count;
    }

    @Override
    public void truncate(int descriptor, long byteSize) {
        delegate.truncate(descriptor, byteSize);
        watcher.resized(byteSize);
    }

    @Override
    public void allocate(int descriptor, long byteOffset, long byteSize) {
        delegate.allocate(descriptor, byteOffset, byteSize);
    }

    @Override
    public void sync(int descriptor) {
        watch(() -> delegate.sync(descriptor), isDone -> watcher.synced(0, Long.MAX_VALUE, isDone));
    }

    @Override
    public void sync(int descriptor, long byteOffset, long byteSize) {
        watch(
                () -> delegate.sync(descriptor, byteOffset, byteSize),
                isDone -> watcher.synced(byteOffset, byteOffset + byteSize, isDone));
    }

    @Override
    public void writeBack(int descriptor, long byteOffset, long byteSize) {
        watch(
                () -> delegate.writeBack(descriptor, byteOffset, byteSize),
                isDone -> watcher.writtenBack(byteOffset, byteOffset + byteSize, isDone));
    }

    @Override
    public void advise(int descriptor, long byteOffset, long byteSize, Advice advice) {
        delegate.advise(descriptor, byteOffset, byteSize, advice);
    }

    @Override
    public void close(int descriptor) {
        delegate.close(descriptor);
    }

    @Override
    public String toString() {
        return "WatchedFiles(" + delegate + ")";
    }

    /// Receives the result of a call.
    private interface End {
        void is(boolean isDone);
    }

    private static void watch(Runnable call, End end) {
        try {
            call.run();
        } catch (SystemCallException e) {
            end.is(false);
            throw e;
        }
        end.is(true);
    }
}
