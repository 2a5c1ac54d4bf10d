package io.leasehold.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Files without a native call, by channels of the JDK; their descriptors are numbers of ours.
///
/// It has none of the capabilities. A channel is closed by an interrupt of a thread that uses it; then it is opened
/// anew, by its path, and the call repeated. A file that has another name by then is lost, which is said with EBADF.
///
/// **Threads.** Thread-safe.
final class PortableFiles implements Files {

    /// Bytes of one transfer; a channel counts in ints, and copies heap buffers whole.
    private static final long TRANSFER_BYTES = 1L << 30;

    private static final Set<StandardOpenOption> READ = EnumSet.of(StandardOpenOption.READ);
    private static final Set<StandardOpenOption> READ_WRITE =
            EnumSet.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final AtomicInteger lastDescriptor = new AtomicInteger(); // (A)
    private final Map<Integer, OpenFile> open = new ConcurrentHashMap<>(); // (A)

    /// Something done with a channel.
    private interface Task {
        long run(FileChannel channel) throws IOException;
    }

    private static final class OpenFile {
        private final Path path; // (C)
        private final Set<StandardOpenOption> options; // (C)
        private final Identity identity; // (C)
        private FileChannel channel; // (L) this
        private boolean closed; // (L) this

        OpenFile(Path path, Set<StandardOpenOption> options, FileChannel channel) throws IOException {
            this.path = path;
            this.options = options;
            this.channel = channel;
            this.identity = Identity.of(path);
        }

        synchronized FileChannel channel() throws IOException {
            if (closed) {
                throw new ClosedChannelException();
            }
            if (!channel.isOpen()) {
                FileChannel again = FileChannel.open(path, options);
                if (!Identity.of(path).equals(identity)) {
                    again.close();
                    throw new ClosedChannelException();
                }
                channel = again;
            }
            return channel;
        }

        synchronized void close() throws IOException {
            closed = true;
            channel.close();
        }
    }

    /// Which file it is, as far as the system tells.
    private record Identity(long device, long inode) {
        static Identity of(Path path) throws IOException {
            if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
                return new Identity(0, 0);
            }
            return new Identity(number(path, "unix:dev"), number(path, "unix:ino"));
        }

        private static long number(Path path, String attribute) throws IOException {
            return ((Number) java.nio.file.Files.getAttribute(path, attribute)).longValue();
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
            OpenFile file = new OpenFile(path, options, FileChannel.open(path, first));
            int descriptor = lastDescriptor.incrementAndGet();
            open.put(descriptor, file);
            return descriptor;
        } catch (IOException e) {
            throw refused(new OsException("open", "path=" + path + ", " + access, errno(e)), e);
        }
    }

    @Override
    public Status status(int descriptor) {
        long byteSize = byteSize(descriptor);
        OpenFile file = open.get(descriptor);
        FileTime modified = FileTime.fromMillis(0);
        if (file != null) {
            try {
                modified = java.nio.file.Files.readAttributes(file.path, BasicFileAttributes.class)
                        .lastModifiedTime();
            } catch (IOException e) {
                throw refused(new OsException("fstat", "descriptor=" + descriptor, errno(e)), e);
            }
        }
        Identity identity = file == null ? new Identity(0, 0) : file.identity;
        return new Status(byteSize, identity.device, identity.inode, modified.to(TimeUnit.NANOSECONDS));
    }

    @Override
    public long byteSize(int descriptor) {
        return call("size", "", descriptor, FileChannel::size);
    }

    @Override
    public long read(int descriptor, MemorySegment to, long byteOffset) {
        FilePreconditions.checkTransfer(to, byteOffset);
        return transfer("read", descriptor, to, byteOffset, FileChannel::read);
    }

    @Override
    public long write(int descriptor, MemorySegment from, long byteOffset) {
        FilePreconditions.checkTransfer(from, byteOffset);
        return transfer("write", descriptor, from, byteOffset, FileChannel::write);
    }

    @Override
    public void truncate(int descriptor, long byteSize) {
        FilePreconditions.checkRange(0, byteSize);
        call("truncate", ", byteSize=" + byteSize, descriptor, channel -> {
            if (byteSize <= channel.size()) {
                channel.truncate(byteSize);
            } else {
                // A channel only shrinks; the last byte makes it grow.
                channel.write(ByteBuffer.allocate(1), byteSize - 1);
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
            throw new OsException("close", "descriptor=" + descriptor, Errno.EBADF);
        }
        try {
            file.close();
        } catch (IOException e) {
            throw refused(new OsException("close", "descriptor=" + descriptor, errno(e)), e);
        }
    }

    @Override
    public String toString() {
        return "PortableFiles(open=" + open.size() + ")";
    }

    /// Reading or writing at a place, which differ in their name alone.
    private interface Step {
        int run(FileChannel channel, ByteBuffer buffer, long byteOffset) throws IOException;
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
                    return step.run(channel, buffer, byteOffset + from);
                });
            } catch (OsException e) {
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

    /// Runs a task on the channel of a descriptor, again if an interrupt closed it.
    private long call(String name, String arguments, int descriptor, Task task) {
        OpenFile file = open.get(descriptor);
        if (file == null) {
            throw new OsException(name, "descriptor=" + descriptor + arguments, Errno.EBADF);
        }
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try {
                    return task.run(file.channel());
                } catch (ClosedByInterruptException e) {
                    interrupted = true;
                } catch (ClosedChannelException e) {
                    // by the interrupt of another thread, or for good
                    if (!open.containsKey(descriptor) || !isReopened(file)) {
                        throw e;
                    }
                }
            }
        } catch (IOException | NonWritableChannelException e) {
            throw refused(new OsException(name, "descriptor=" + descriptor + arguments, errno(e)), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean isReopened(OpenFile file) throws IOException {
        return file.channel().isOpen();
    }

    private static int errno(Exception e) {
        return switch (e) {
            case NoSuchFileException _ -> Errno.ENOENT;
            case AccessDeniedException _ -> Errno.EACCES;
            case ClosedChannelException _, NonWritableChannelException _ -> Errno.EBADF;
            default -> Errno.EIO;
        };
    }

    private static OsException refused(OsException refusal, Exception cause) {
        refusal.initCause(cause);
        return refusal;
    }
}
