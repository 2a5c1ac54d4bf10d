package io.leasehold.bench.server;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.file.FileSource;
import io.leasehold.window.FileTrust;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.DefaultFileRegion;
import io.netty.handler.stream.ChunkedNioFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Opens files for one way of sending. Netty's ways open a file for each request, as its own examples do; ours keeps it
/// open.
///
/// **Ownership.** The caller of the constructor closes it, after the channels and before the allocator.
///
/// **Threads.** Thread-safe.
final class FileSender implements AutoCloseable {

    private static final int MOST_OPEN = 1_000;
    private static final int CHUNK_BYTES = 8 << 10;

    /// A file that is replaced more often than it can be opened is one that cannot be served.
    private static final int MAX_ATTEMPTS = 100;

    /// 1 GiB in extents for files that are mapped whole, and 128 MiB of windows.
    private static final WindowCacheOptions WINDOWS = WindowCacheOptions.defaults()
            .withName("files")
            .withWindows(64, 2 << 20)
            .withExtents(512, 2 << 20)
            .withDirectByteSize(64 << 20);

    private final FileOptions options; // (C)
    private final @Nullable LeasedByteBufAllocator allocator; // (C)
    private final @Nullable WindowCache cache; // (C)
    private final Map<Path, Shared> open = new LinkedHashMap<>(16, 0.75f, true); // (L) this

    /// @throws IllegalArgumentException if the way needs another allocator
    FileSender(FileOptions options, ByteBufAllocator allocator) {
        this.options = options;
        this.allocator = allocator instanceof LeasedByteBufAllocator leased ? leased : null;
        if (options.way() != FileWay.LEASEHOLD) {
            this.cache = null;
        } else if (this.allocator == null) {
            throw new IllegalArgumentException("files are sent by leasehold with the allocator leased alone");
        } else {
            this.cache = WindowCache.open(this.allocator.arena(), WINDOWS);
        }
    }

    /// A shared file was closed before its content was taken; it can be opened again.
    static final class ClosedMeanwhileException extends IOException {

        private static final long serialVersionUID = 1;

        ClosedMeanwhileException(FileEntry entry, Throwable cause) {
            super("file was closed meanwhile: file=" + entry.path(), cause);
        }
    }

    /// An open file, and the version that it is.
    ///
    /// **Ownership.** The caller of [FileSender#open] closes it, also after [#content].
    interface OpenFile extends AutoCloseable {

        /// {@return the version of the open file, whatever is at its path by now}
        FileEntry entry();

        /// {@return what to write for a part of the file; the caller writes or releases it}
        ///
        /// @throws IOException if the file cannot be read, or has become shorter
        /// @throws ClosedMeanwhileException if another event loop closed the file, for a newer one or for want of room
        Object content(ChannelHandlerContext context, ByteRange range) throws IOException;

        @Override
        void close() throws IOException;
    }

    /// A source that many requests share; the sender closes it.
    private record Shared(FileEntry entry, FileSource source) implements OpenFile {
        @Override
        public Object content(ChannelHandlerContext context, ByteRange range) throws IOException {
            try {
                return source.content(context, range.from(), range.byteSize());
            } catch (IllegalArgumentException e) {
                throw new IOException("file has become shorter: file=" + entry.path(), e);
            } catch (IllegalStateException e) {
                throw new ClosedMeanwhileException(entry, e);
            }
        }

        @Override
        public void close() {
            // others may use the source
        }
    }

    /// A channel for one request; its content takes it over.
    private static final class Single implements OpenFile {

        private final FileEntry entry;
        private final FileWay way;
        private @Nullable FileChannel channel;

        Single(FileEntry entry, FileWay way, FileChannel channel) {
            this.entry = entry;
            this.way = way;
            this.channel = channel;
        }

        @Override
        public FileEntry entry() {
            return entry;
        }

        @Override
        public Object content(ChannelHandlerContext context, ByteRange range) throws IOException {
            FileChannel taken = channel;
            if (taken == null) {
                throw new IllegalStateException("file is closed: file=" + entry.path());
            }
            Object content = switch (way) {
                case SENDFILE -> new DefaultFileRegion(taken, range.from(), range.byteSize());
                case CHUNKED -> new ChunkedNioFile(taken, range.from(), range.byteSize(), CHUNK_BYTES);
                default -> new ChunkedNioFile(taken, range.from(), range.byteSize(), 8 * CHUNK_BYTES);
            };
            channel = null;
            return content;
        }

        @Override
        public void close() throws IOException {
            FileChannel untaken = channel;
            if (untaken != null) {
                channel = null;
                untaken.close();
            }
        }
    }

    /// Opens the version of a file that is at its path, which may be a later one than `seen`.
    ///
    /// @param seen version that a moment ago was at the path
    /// @return the open file, to be closed by the caller
    /// @throws IOException if it cannot be opened
    OpenFile open(FileEntry seen) throws IOException {
        if (options.way() == FileWay.LEASEHOLD) {
            return shared(seen);
        }
        return options.trust() == FileTrust.IMMUTABLE
                ? new Single(seen, options.way(), FileChannel.open(seen.path()))
                : bound(seen.path(), FileChannel::open, (entry, channel) -> new Single(entry, options.way(), channel));
    }

    private synchronized Shared shared(FileEntry seen) throws IOException {
        Shared known = open.get(seen.path());
        if (known != null && known.entry.equals(seen)) {
            return known;
        }
        WindowCache windows = cache;
        LeasedByteBufAllocator leased = allocator;
        if (windows == null || leased == null) {
            throw new IllegalStateException("nothing is sent by leasehold here");
        }
        Shared next = bound(seen.path(), path -> FileSource.open(windows, leased, path, options.trust()), Shared::new);
        open.put(seen.path(), next);
        if (known != null) {
            known.source.close();
        }
        if (open.size() > MOST_OPEN) {
            Iterator<Shared> oldest = open.values().iterator();
            oldest.next().source.close();
            oldest.remove();
        }
        return next;
    }

    /// Opens a path.
    private interface Opener<T> {
        T open(Path path) throws IOException;
    }

    /// Puts an open file and its version together.
    private interface Binder<T, R> {
        R bind(FileEntry entry, T file);
    }

    /// Opens a file and tells its version, which the path alone cannot do: a rename may come between two calls.
    ///
    /// The descriptor of a [PinnedFile] keeps the system from giving the number of its file to another one. So if the
    /// path leads to that number before and after the file is opened, the file that was opened is that one.
    private static <T extends AutoCloseable, R> R bound(Path path, Opener<T> opener, Binder<T, R> binder)
            throws IOException {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            try (PinnedFile pinned = PinnedFile.open(path)) {
                T file;
                try {
                    file = opener.open(path);
                } catch (IOException e) {
                    if (isStillThere(path, pinned)) {
                        throw e;
                    }
                    continue;
                }
                boolean isBound = false;
                try {
                    isBound = isStillThere(path, pinned);
                } finally {
                    if (!isBound) {
                        close(file);
                    }
                }
                if (isBound) {
                    return binder.bind(pinned.entry(), file);
                }
            }
        }
        throw new IOException("file is replaced faster than it is opened: file=" + path + ", attempts=" + MAX_ATTEMPTS);
    }

    private static boolean isStillThere(Path path, PinnedFile pinned) throws IOException {
        return FileEntry.of(path).equals(pinned.entry());
    }

    private static void close(AutoCloseable file) throws IOException {
        try {
            file.close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot close: " + file, e);
        }
    }

    /// @throws IllegalStateException if a window did not come back
    @Override
    public synchronized void close() {
        open.values().forEach(each -> each.source.close());
        open.clear();
        if (cache != null) {
            try {
                cache.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
