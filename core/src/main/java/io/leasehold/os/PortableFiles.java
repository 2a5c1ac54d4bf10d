package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Files without native calls, by channels of the JDK. Their descriptors are numbers that this class assigns.
///
/// It has no capabilities. The channels are asynchronous, and the calling thread does their work. They read and write
/// at an offset, and an interrupt does not close them. A [FileChannel] that many threads share would be closed by an
/// interrupt of any of them.
///
/// A channel does not report which file it has opened. So the state of the path is read before and after the path is
/// opened, until both are of the same file.
///
/// **Ownership.** The caller closes what it opened. The JDK does not close an unreachable channel of this kind, not
/// even if the class loader becomes unreachable.
///
/// **Threads.** Thread-safe.
final class PortableFiles implements Files {

    /// Maximum size of one transfer in bytes. A channel counts in ints, and copies whole heap buffers.
    private static final long TRANSFER_BYTES = 1L << 30;

    private static final Set<StandardOpenOption> READ = EnumSet.of(StandardOpenOption.READ);
    private static final Set<StandardOpenOption> READ_WRITE =
            EnumSet.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final AtomicInteger lastDescriptor = new AtomicInteger(); // (A)
    private final Map<Integer, OpenFile> open = new ConcurrentHashMap<>(); // (A)

    /// An operation on a channel.
    private interface Task {
        long run(AsynchronousFileChannel channel) throws IOException;
    }

    /// A channel, the path that it was opened by, and the last known state of its file.
    private static final class OpenFile {
        private final Path path; // (C)
        private final AsynchronousFileChannel channel; // (C)
        private volatile PathLook lastLook; // (A)

        OpenFile(Path path, AsynchronousFileChannel channel, PathLook lastLook) {
            this.path = path;
            this.channel = channel;
            this.lastLook = lastLook;
        }

        /// {@return the state of the file; the last known state if the path leads to another file now}
        PathLook look() throws IOException {
            PathLook now = PathLook.at(path);
            if (now != null && now.isSameFile(lastLook)) {
                lastLook = now;
            }
            return lastLook;
        }
    }

    /// Runs tasks in the calling thread.
    private static final class CallingThread extends AbstractExecutorService {

        static final CallingThread INSTANCE = new CallingThread();

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }

    @Override
    public boolean can(Capability capability) {
        return false;
    }

    @Override
    public int open(Path path, Access access) {
        FilePreconditions.checkPath(path);
        Set<StandardOpenOption> options = access == Access.READ ? READ : READ_WRITE;
        try {
            if (java.nio.file.Files.exists(path) && !java.nio.file.Files.isRegularFile(path)) {
                throw FilePreconditions.noRegularFile(path);
            }
            Set<OpenOption> first = new HashSet<>(options);
            if (access == Access.CREATE) {
                first.add(StandardOpenOption.CREATE);
            }
            PathLook[] seen = new PathLook[1];
            ExecutorService executor = executorFor(path);
            AsynchronousFileChannel channel =
                    PathLook.openStable(path, () -> AsynchronousFileChannel.open(path, first, executor), seen);
            int descriptor = lastDescriptor.incrementAndGet();
            open.put(descriptor, new OpenFile(path, channel, seen[0]));
            return descriptor;
        } catch (IOException e) {
            throw refused(new SystemCallException("open", "path=" + path + ", " + access, JdkErrno.of(e)), e);
        }
    }

    /// {@return the executor of the channels; null for the threads of the JDK, which Windows needs}
    private static @Nullable ExecutorService executorFor(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix") ? CallingThread.INSTANCE : null;
    }

    @Override
    public Status status(int descriptor) {
        long byteSize = byteSize(descriptor);
        try {
            PathLook look = require("fstat", "", descriptor).look();
            return new Status(byteSize, 0, look.device(), look.inode(), look.modifiedNanos(), look.changedNanos());
        } catch (IOException e) {
            throw refused(new SystemCallException("fstat", "descriptor=" + descriptor, JdkErrno.of(e)), e);
        }
    }

    @Override
    public FileChannel openChannel(int descriptor) {
        OpenFile file = require("open", "", descriptor);
        try {
            PathLook[] seen = new PathLook[1];
            FileChannel channel = PathLook.openStable(file.path, () -> FileChannel.open(file.path, READ), seen);
            if (!seen[0].isSameFile(file.lastLook)) {
                channel.close();
                throw new NoSuchFileException(file.path.toString(), null, "path leads to another file now");
            }
            return channel;
        } catch (IOException e) {
            throw refused(new SystemCallException("open", "path=" + file.path, JdkErrno.of(e)), e);
        }
    }

    @Override
    public boolean tellsLength(int descriptor) {
        return ReportedLength.isTrue(this, descriptor);
    }

    @Override
    public long byteSize(int descriptor) {
        return call("size", "", descriptor, AsynchronousFileChannel::size);
    }

    @Override
    public long read(int descriptor, MemorySegment to, long byteOffset) {
        FilePreconditions.checkTransfer(to, byteOffset);
        return transfer("read", descriptor, to, byteOffset, AsynchronousFileChannel::read);
    }

    @Override
    public long write(int descriptor, MemorySegment from, long byteOffset) {
        FilePreconditions.checkTransfer(from, byteOffset);
        return transfer("write", descriptor, from, byteOffset, AsynchronousFileChannel::write);
    }

    @Override
    public void truncate(int descriptor, long byteSize) {
        FilePreconditions.checkRange(0, byteSize);
        call("truncate", ", byteSize=" + byteSize, descriptor, channel -> {
            if (byteSize <= channel.size()) {
                channel.truncate(byteSize);
            } else {
                // A channel can only shrink a file. Writing the last byte grows it.
                result(channel.write(ByteBuffer.allocate(1), byteSize - 1));
            }
            return 0;
        });
    }

    @Override
    public void allocate(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
    }

    @Override
    public void sync(int descriptor) {
        call("force", "", descriptor, channel -> {
            channel.force(false);
            return 0;
        });
    }

    @Override
    public void sync(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
        sync(descriptor);
    }

    @Override
    public void writeBack(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
    }

    @Override
    public void advise(int descriptor, long byteOffset, long byteSize, Advice advice) {
        FilePreconditions.checkRange(byteOffset, byteSize);
    }

    @Override
    public void close(int descriptor) {
        OpenFile file = open.remove(descriptor);
        if (file == null) {
            throw new SystemCallException("close", "descriptor=" + descriptor, Errno.EBADF);
        }
        try {
            file.channel.close();
        } catch (IOException e) {
            throw refused(new SystemCallException("close", "descriptor=" + descriptor, JdkErrno.of(e)), e);
        }
    }

    @Override
    public String toString() {
        return "PortableFiles(open=" + open.size() + ")";
    }

    /// A read or a write at an offset.
    private interface Step {
        Future<Integer> run(AsynchronousFileChannel channel, ByteBuffer buffer, long byteOffset);
    }

    private long transfer(String name, int descriptor, MemorySegment memory, long byteOffset, Step step) {
        long byteSize = memory.byteSize();
        long done = 0;
        while (done < byteSize) {
            long from = done;
            ByteBuffer buffer = memory.asSlice(from, Math.min(byteSize - from, TRANSFER_BYTES))
                    .asByteBuffer();
            String range = ", byteOffset=" + (byteOffset + from) + ", byteSize=" + buffer.capacity();
            long count;
            try {
                count = call(name, range, descriptor, channel -> {
                    buffer.clear();
                    return result(step.run(channel, buffer, byteOffset + from));
                });
            } catch (SystemCallException e) {
                if (done > 0) {
                    return done;
                }
                throw e;
            }
            if (count <= 0) {
                return done;
            }
            done += count;
        }
        return done;
    }

    private long call(String name, String arguments, int descriptor, Task task) {
        OpenFile file = require(name, arguments, descriptor);
        try {
            return task.run(file.channel);
        } catch (IOException | NonWritableChannelException e) {
            throw refused(new SystemCallException(name, "descriptor=" + descriptor + arguments, JdkErrno.of(e)), e);
        }
    }

    private OpenFile require(String name, String arguments, int descriptor) {
        OpenFile file = open.get(descriptor);
        if (file == null) {
            throw new SystemCallException(name, "descriptor=" + descriptor + arguments, Errno.EBADF);
        }
        return file;
    }

    /// Waits for a transfer. An interrupt does not end the wait; the interrupt status is set again afterwards.
    ///
    /// @return the number of bytes transferred
    private static long result(Future<Integer> transfer) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return transfer.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            switch (Objects.requireNonNull(e.getCause())) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw new IOException(e.getCause());
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static SystemCallException refused(SystemCallException refusal, Exception cause) {
        refusal.initCause(cause);
        return refusal;
    }
}
