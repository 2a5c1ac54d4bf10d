package io.leasehold.bench.server;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.file.FileSource;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
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

/// Sends files in one way. Netty's ways open a file for each request, as its own examples do; ours keeps it open.
///
/// **Ownership.** Who made it closes it, after the channels and before the allocator.
///
/// **Threads.** Thread-safe.
final class FileSender implements AutoCloseable {

    private static final int MOST_OPEN = 1_000;
    private static final int CHUNK_BYTES = 8 << 10;

    /// 1 GiB in extents for files that are mapped whole, and 128 MiB of windows.
    private static final WindowCacheOptions WINDOWS = WindowCacheOptions.defaults()
            .withName("files")
            .withWindows(64, 2 << 20)
            .withExtents(512, 2 << 20)
            .withDirectByteSize(64 << 20);

    private final FileOptions options; // (C)
    private final @Nullable LeasedByteBufAllocator allocator; // (C)
    private final @Nullable WindowCache cache; // (C)
    private final Map<Path, Open> open = new LinkedHashMap<>(16, 0.75f, true); // (L) this

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

    /// A source, and what its file was like.
    private record Open(FileEntry entry, FileSource source) {}

    /// Writes a part of a file, without a flush; the channel is closed if that fails midway.
    ///
    /// @throws IOException if it cannot be read any more; nothing is written then
    ChannelFuture write(ChannelHandlerContext context, FileEntry entry, ByteRange range) throws IOException {
        return switch (options.way()) {
            case LEASEHOLD -> writeOurs(context, entry, range);
            case SENDFILE ->
                write(context, new DefaultFileRegion(entry.path().toFile(), range.from(), range.byteSize()));
            case CHUNKED -> write(context, chunks(entry, range, CHUNK_BYTES));
            case CHUNKED64 -> write(context, chunks(entry, range, 8 * CHUNK_BYTES));
        };
    }

    private ChannelFuture writeOurs(ChannelHandlerContext context, FileEntry entry, ByteRange range)
            throws IOException {
        FileSource source = source(entry);
        try {
            return source.write(context, range.from(), range.byteSize());
        } catch (IllegalStateException e) {
            // another event loop closed it, for a newer one or for want of room
            return source(entry).write(context, range.from(), range.byteSize());
        }
    }

    private static ChannelFuture write(ChannelHandlerContext context, Object content) {
        return context.write(content).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    private static ChunkedNioFile chunks(FileEntry entry, ByteRange range, int byteSize) throws IOException {
        FileChannel channel = FileChannel.open(entry.path());
        try {
            return new ChunkedNioFile(channel, range.from(), range.byteSize(), byteSize);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private synchronized FileSource source(FileEntry entry) throws IOException {
        Open known = open.get(entry.path());
        if (known != null && known.entry.equals(entry)) {
            return known.source;
        }
        if (cache == null || allocator == null) {
            throw new IllegalStateException("nothing is sent by leasehold here");
        }
        FileSource source = FileSource.open(cache, allocator, entry.path(), options.trust());
        open.put(entry.path(), new Open(entry, source));
        if (known != null) {
            known.source.close();
        }
        if (open.size() > MOST_OPEN) {
            Iterator<Open> oldest = open.values().iterator();
            oldest.next().source.close();
            oldest.remove();
        }
        return source;
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
