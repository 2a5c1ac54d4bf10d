package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.Validators;
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

/// Opens files for one way of sending. Netty's ways open a file for each request, like Netty's own examples.
/// Leasehold's way keeps files open.
///
/// **Ownership.** The caller of the constructor closes it, after the channels and before the allocator.
///
/// **Threads.** Thread-safe.
final class FileSender implements AutoCloseable {

    private static final int MOST_OPEN = 1_000;
    private static final int CHUNK_BYTES = 8 << 10;

    /// Maximum number of attempts to open a file that is replaced in the meantime. After that the file cannot be
    /// served.
    private static final int MAX_ATTEMPTS = 100;

    /// 1 GiB of large mappings for files that are mapped whole, and 128 MiB of windows.
    private static final WindowCacheOptions WINDOWS = WindowCacheOptions.builder()
            .name("files")
            .windows(64, 2 << 20)
            .extents(512, 2 << 20)
            .directByteSize(64 << 20)
            .build();

    private final FileOptions options; // (C)
    private final @Nullable LeasedByteBufAllocator allocator; // (C)
    private final @Nullable WindowCache cache; // (C)
    private final Map<Path, Shared> open = new LinkedHashMap<>(16, 0.75f, true); // (L) this

    /// Creates a sender.
    ///
    /// @throws IllegalArgumentException if the way needs another allocator
    FileSender(FileOptions options, ByteBufAllocator allocator) {
        this.options = options;
        this.allocator = allocator instanceof LeasedByteBufAllocator leased ? leased : null;
        if (options.way() != FileWay.LEASEHOLD) {
            this.cache = null;
        } else if (this.allocator == null) {
            throw new IllegalArgumentException("files=leasehold needs allocator=leased");
        } else {
            this.cache = WindowCache.open(this.allocator.arena(), WINDOWS);
        }
    }

    /// A shared file was closed before its content was read. It can be opened again.
    static final class ClosedMeanwhileException extends IOException {

        private static final long serialVersionUID = 1;

        ClosedMeanwhileException(FileEntry entry, Throwable cause) {
            super("file was closed by another event loop: file=" + entry.path(), cause);
        }
    }

    /// An open file and its version.
    ///
    /// **Ownership.** The caller of [FileSender#open] closes it, also after [#content].
    interface OpenFile extends AutoCloseable {

        /// {@return the version of the open file, even if another file is at its path now}
        FileEntry entry();

        /// {@return the validators of that version}
        Validators validators();

        /// {@return the object to write for a part of the file; the caller writes or releases it}
        ///
        /// @throws IOException if the file cannot be read, or has become shorter
        /// @throws ClosedMeanwhileException if another event loop closed the file, for a newer version or for lack of
        ///     space
        Object content(ChannelHandlerContext context, ByteRange range) throws IOException;

        @Override
        void close() throws IOException;
    }

    /// A source that many requests share. The sender closes it.
    private record Shared(FileEntry entry, Validators validators, FileSource source) implements OpenFile {
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
            // other requests may use the source
        }
    }

    /// A channel for one request. Its content takes ownership of the channel.
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
        public Validators validators() {
            return entry.validators();
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

    /// Opens the version of a file that is at its path now, which may be newer than `seen`.
    ///
    /// @param seen version that was found at the path before
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
            throw new IllegalStateException(
                    "sender has no window cache: files=" + options.way().text());
        }
        Shared next = bound(
                seen.path(),
                path -> FileSource.open(windows, leased, path, options.trust()),
                (entry, source) -> new Shared(entry, validators(entry, known), source));
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

    /// {@return the validators of a version, with another tag than the version before it}
    private static Validators validators(FileEntry entry, @Nullable Shared before) {
        Validators usual = entry.validators();
        boolean isTagTaken = before != null
                && !before.entry.equals(entry)
                && usual.tag().equals(before.entry.validators().tag());
        return isTagTaken ? entry.distinctValidators() : usual;
    }

    /// Opens a path.
    interface Opener<T> {
        T open(Path path) throws IOException;
    }

    /// Combines an open file and its version.
    interface Binder<T, R> {
        R bind(FileEntry entry, T file);
    }

    /// Opens a file and determines its version. The path alone does not identify the version, because a rename may
    /// happen between two calls.
    ///
    /// The descriptor of a [PinnedFile] keeps the system from reusing the number of its file. So if the path leads to
    /// that number before and after the file is opened, the opened file is that one. A file that is written meanwhile
    /// stays that file, and its version is the later one.
    static <T extends AutoCloseable, R> R bound(Path path, Opener<T> opener, Binder<T, R> binder) throws IOException {
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
                    FileEntry now = FileEntry.of(path);
                    isBound = now.isSameFile(pinned.entry());
                    if (isBound) {
                        return binder.bind(now, file);
                    }
                } finally {
                    if (!isBound) {
                        close(file);
                    }
                }
            }
        }
        throw new IOException("file is replaced faster than it is opened: file=" + path + ", attempts=" + MAX_ATTEMPTS);
    }

    private static boolean isStillThere(Path path, PinnedFile pinned) throws IOException {
        return FileEntry.of(path).isSameFile(pinned.entry());
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

    /// Closes all files and the cache.
    ///
    /// @throws IllegalStateException if a window was not released
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
