package io.leasehold.netty.file;

import io.leasehold.memory.OffHeap;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowFlag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.stream.ChunkedInput;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A file that is sent to channels, whole or in ranges, to any number of them at once: how is chosen for each.
///
/// ```text
///   write(context, from, size) ---> promise: done, or failed and the channel closed
///     = content(...)  a copy | a region for sendfile | chunks: windows or copies
///     chunks(...)       always chunks, for who frames them himself: HttpChunkedInput, Http2DataChunkedInput
/// ```
///
/// A pipeline that the bytes are read in, by TLS for instance, needs a [ChunkedWriteHandler] before the handler that
/// writes: it asks for the next chunk when the channel has room for it, which is the back-pressure, and tells a
/// [progressive promise][io.netty.channel.ChannelProgressivePromise] how far it came. At most 256 KiB of a file are
/// pinned for a channel beyond its high watermark, or 64 KiB of it copied.
///
/// **Ownership.** Who opened it closes it, before its cache and its allocator. Content that is under way is sent to
/// its end all the same, and then the file is closed. Content that is written to a channel is the channel's.
///
/// **Threads.** Thread-safe. Like all of Netty's ways to send a file it waits for the disk on the event loop, where the
/// bytes are not in the page cache.
public final class FileSource implements AutoCloseable {

    /// What is sent in one copy together with its head.
    static final int SMALL_BYTES = 16 << 10;

    /// What is copied at a time: enough that a system call is a small part of it.
    static final int COPY_BYTES = 64 << 10;

    /// What is pinned at a time: some TLS records, and no more than a slow reader may keep.
    static final int WINDOW_BYTES = 256 << 10;

    /// Channels that are kept for the next regions: to open one costs more than to send some pages.
    private static final int MAX_IDLE = 4;

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final WindowCache cache; // (C)
    private final LeasedByteBufAllocator allocator; // (C)
    private final MappedFile file; // (C)
    private final AtomicInteger holds = new AtomicInteger(1); // (A) the owner's, and one for each content and window
    private volatile boolean closed; // (A) by the owner
    private final ArrayDeque<FileChannel> idle = new ArrayDeque<>(MAX_IDLE); // (L) itself: for sendfile, in no region

    private FileSource(WindowCache cache, LeasedByteBufAllocator allocator, MappedFile file) {
        this.cache = cache;
        this.allocator = allocator;
        this.file = file;
    }

    /// Opens a file.
    ///
    /// @param cache what it is read and lent through
    /// @param allocator what copies are made by, and what buffers over windows say they are of
    /// @param path a regular file of the default file system
    /// @param trust who may change its length while it is open: of a FOREIGN file nothing is lent in place
    /// @return the source, to be closed by the caller
    /// @throws NoSuchFileException if there is no file
    /// @throws IOException if the system refuses
    /// @throws IllegalStateException if the cache is closed
    public static FileSource open(WindowCache cache, LeasedByteBufAllocator allocator, Path path, FileTrust trust)
            throws IOException {
        MappedFile file = cache.open(path, MappedFileOptions.defaults().withTrust(trust));
        return new FileSource(cache, allocator, file);
    }

    /// {@return the length of the file in bytes; of a FOREIGN file the system is asked}
    ///
    /// @throws IOException if the system refuses to tell
    /// @throws IllegalStateException if it is closed
    public long byteSize() throws IOException {
        return file.byteSize();
    }

    /// {@return where it was opened}
    public Path path() {
        return file.path();
    }

    /// {@return who may change its length}
    public FileTrust trust() {
        return file.trust();
    }

    /// Writes a range of the file to a channel, without a flush: nothing is sent before the channel is flushed, as
    /// [#writeAndFlush] does. If the write fails or is cancelled the channel is closed: its client was promised more,
    /// and nothing that is sent now would be taken for anything but the rest.
    ///
    /// @param context of the handler that writes; what is done to the bytes between it and the wire decides the way
    /// @param byteOffset start of the range
    /// @param byteSize size of the range; 0 writes nothing
    /// @return the future of the write: it fails if the file ends before the range does, is replaced under a mapping
    ///     or cannot be read, and if the channel is closed meanwhile
    /// @throws IOException if the system refuses to tell the length, or to read small content; nothing is written then
    /// @throws IllegalArgumentException if the range is not one of the file
    /// @throws IllegalStateException if it is closed, or the pipeline needs a [ChunkedWriteHandler] and has none
    public ChannelFuture write(ChannelHandlerContext context, long byteOffset, long byteSize) throws IOException {
        return write(context, byteOffset, byteSize, context.newPromise());
    }

    /// Writes a range of the file to a channel, without a flush, and tells the caller's promise: a progressive promise
    /// is told how far the write came too.
    ///
    /// @param context of the handler that writes; what is done to the bytes between it and the wire decides the way
    /// @param byteOffset start of the range
    /// @param byteSize size of the range; 0 writes nothing
    /// @param promise what is told; as the result of [#write(ChannelHandlerContext, long, long)]. A void promise tells
    ///     the pipeline of a failure. If the promise is cancelled already, nothing is written
    /// @return the promise; for a void promise one that takes listeners
    /// @throws IOException if the system refuses to tell the length, or to read small content; nothing is written then,
    ///     and the promise is not told
    /// @throws IllegalArgumentException if the range is not one of the file, or the promise is done or of another
    ///     channel
    /// @throws IllegalStateException if it is closed, or the pipeline needs a [ChunkedWriteHandler] and has none
    public ChannelFuture write(ChannelHandlerContext context, long byteOffset, long byteSize, ChannelPromise promise)
            throws IOException {
        ChannelPromise told = promise.unvoid(); // a void promise takes no listener
        Object content = content(context, byteOffset, byteSize);
        boolean isWritten = false;
        try {
            if (content instanceof SourceChunks && context.pipeline().get(ChunkedWriteHandler.class) == null) {
                throw unchunked(context.channel());
            }
            ChannelFuture written = context.write(content, told)
                    .addListener(done -> {
                        if (!done.isSuccess()) {
                            abandon(content);
                        }
                    })
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            isWritten = true;
            return written;
        } finally {
            if (!isWritten) {
                abandon(content);
            }
        }
    }

    /// Writes a range of the file to a channel as [#write(ChannelHandlerContext, long, long)] does, and flushes it.
    ///
    /// @param context of the handler that writes; what is done to the bytes between it and the wire decides the way
    /// @param byteOffset start of the range
    /// @param byteSize size of the range; 0 writes nothing
    /// @return the future of the write
    /// @throws IOException if the system refuses to tell the length, or to read small content; nothing is written then
    /// @throws IllegalArgumentException if the range is not one of the file
    /// @throws IllegalStateException if it is closed, or the pipeline needs a [ChunkedWriteHandler] and has none
    public ChannelFuture writeAndFlush(ChannelHandlerContext context, long byteOffset, long byteSize)
            throws IOException {
        return writeAndFlush(context, byteOffset, byteSize, context.newPromise());
    }

    /// Writes a range of the file to a channel as [#write(ChannelHandlerContext, long, long, ChannelPromise)] does, and
    /// flushes it.
    ///
    /// @param context of the handler that writes; what is done to the bytes between it and the wire decides the way
    /// @param byteOffset start of the range
    /// @param byteSize size of the range; 0 writes nothing
    /// @param promise what is told, as by the write
    /// @return the promise, as by the write
    /// @throws IOException if the system refuses to tell the length, or to read small content; nothing is written then
    /// @throws IllegalArgumentException if the range is not one of the file, or the promise is not one for this channel
    /// @throws IllegalStateException if it is closed, or the pipeline needs a [ChunkedWriteHandler] and has none
    public ChannelFuture writeAndFlush(
            ChannelHandlerContext context, long byteOffset, long byteSize, ChannelPromise promise) throws IOException {
        ChannelFuture written = write(context, byteOffset, byteSize, promise);
        context.flush();
        return written;
    }

    /// Lets go of the file for content that is not sent to its end. Netty releases what counts references; chunks do
    /// not, and a handler that throws releases nothing.
    private static void abandon(Object content) {
        if (content instanceof SourceChunks chunks) {
            chunks.close();
        } else if (content instanceof SourceRegion region) {
            region.abandon();
        }
    }

    /// {@return what to write for a range of the file: a buffer, a region for sendfile, or chunks; the caller writes or
    /// releases it}
    ///
    /// @param context of the handler that will write it; what is done to the bytes between it and the wire decides
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @throws IOException if the system refuses to tell the length, or to read small content
    /// @throws IllegalArgumentException if the range is not one of the file
    /// @throws IllegalStateException if it is closed
    public Object content(ChannelHandlerContext context, long byteOffset, long byteSize) throws IOException {
        hold(byteOffset, byteSize);
        boolean isGiven = false;
        try {
            if (byteSize == 0) {
                return Unpooled.EMPTY_BUFFER;
            }
            if (byteSize <= SMALL_BYTES) {
                return copy(byteOffset, byteSize);
            }
            PipelineTouch touch = PipelineTouch.of(context);
            FileChannel open = touch == PipelineTouch.NONE ? takeChannel() : null;
            isGiven = true;
            return open == null
                    ? new SourceChunks(this, byteOffset, byteSize, copiesFor(touch))
                    : new SourceRegion(this, open, byteOffset, byteSize);
        } finally {
            if (!isGiven) {
                letGo();
            }
        }
    }

    /// {@return a range of the file in chunks, for whom sendfile is no way: windows in place, or copies of a FOREIGN
    /// file and for native readers; the caller writes or closes it}
    ///
    /// So a handler that takes content in objects of its own gets it, as a compressor of HTTP does: in an
    /// `HttpChunkedInput` around this.
    ///
    /// @param context of the handler that will write it; what is done to the bytes between it and the wire decides
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @throws IOException if the system refuses to tell the length
    /// @throws IllegalArgumentException if the range is not one of the file
    /// @throws IllegalStateException if it is closed
    public ChunkedInput<ByteBuf> chunks(ChannelHandlerContext context, long byteOffset, long byteSize)
            throws IOException {
        boolean copies = copiesFor(PipelineTouch.of(context));
        hold(byteOffset, byteSize);
        return new SourceChunks(this, byteOffset, byteSize, copies);
    }

    /// Closes the file, once the last content that is under way has ended. Closing twice has no effect.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            letGo();
        }
    }

    @Override
    public String toString() {
        return "FileSource(%s, holds=%d%s)".formatted(file, holds.get(), closed ? ", closed" : "");
    }

    /// {@return a guarded copy of up to [#COPY_BYTES]}
    ///
    /// @throws EOFException if the file ends before
    ByteBuf copy(long byteOffset, long byteSize) throws IOException {
        int count = (int) Math.min(byteSize, COPY_BYTES);
        ByteBuf copy = allocator.directBuffer(count, count);
        boolean isCopied = false;
        try {
            long moved = cache.read(file, byteOffset, OffHeap.segment(copy.memoryAddress(), count));
            if (moved < count) {
                throw ended(byteOffset + moved);
            }
            isCopied = true;
            return copy.writerIndex(count);
        } finally {
            if (!isCopied) {
                copy.release();
            }
        }
    }

    /// {@return up to [#WINDOW_BYTES] in place; a copy if all windows are out, as the event loop does not wait}
    ByteBuf lend(long byteOffset, long byteSize) throws IOException {
        long count = Math.min(byteSize, WINDOW_BYTES);
        Window window = cache.alloc(file, byteOffset, count, AccessAdvice.NORMAL, WindowFlag.READ | WindowFlag.NOWAIT);
        if (window == null) {
            return copy(byteOffset, byteSize);
        }
        boolean isLent = false;
        holds.incrementAndGet(); // who calls holds it, so it is not closed
        try {
            ByteBuf buf = WindowBuffers.wrap(allocator, window, this::letGo);
            isLent = true;
            return buf;
        } finally {
            if (!isLent) {
                window.close();
                letGo();
            }
        }
    }

    /// Gives up a hold; the last one closes.
    void letGo() {
        if (holds.decrementAndGet() > 0) {
            return;
        }
        try {
            closeIdle();
            file.close();
        } catch (IOException | IllegalStateException e) {
            // on whichever thread released last, which can do nothing about it
            LOG.log(System.Logger.Level.WARNING, "cannot close: " + this, e);
        }
    }

    private void closeIdle() throws IOException {
        synchronized (idle) {
            while (!idle.isEmpty()) {
                idle.removeLast().close();
            }
        }
    }

    private void hold(long byteOffset, long byteSize) throws IOException {
        if (closed || !tryHold()) {
            throw new IllegalStateException("source is closed: " + this);
        }
        boolean isHeld = false;
        try {
            long fileByteSize = file.byteSize();
            if (byteOffset < 0 || byteSize < 0 || byteOffset > fileByteSize - byteSize) {
                throw outside(byteOffset, byteSize, fileByteSize);
            }
            isHeld = true;
        } finally {
            if (!isHeld) {
                letGo();
            }
        }
    }

    private boolean tryHold() {
        int seen = holds.get();
        while (seen > 0 && !holds.compareAndSet(seen, seen + 1)) {
            seen = holds.get();
        }
        return seen > 0;
    }

    private boolean copiesFor(PipelineTouch touch) {
        return file.trust() == FileTrust.FOREIGN || touch == PipelineTouch.UNKNOWN;
    }

    /// {@return the file for sendfile, for one region alone; null if the system has no way to open it again}
    ///
    /// Regions do not share a channel: an interrupt of the thread that sends one of them would close it for all.
    private @Nullable FileChannel takeChannel() {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.removeLast();
            }
        }
        try {
            return file.openChannel();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot use sendfile: " + this, e);
            return null;
        }
    }

    /// Opens a channel in place of one that an interrupt has closed.
    ///
    /// @throws IOException if the system has no way to open the file again
    FileChannel reopen() throws IOException {
        return file.openChannel();
    }

    /// Takes a channel back.
    void giveBack(FileChannel channel) {
        synchronized (idle) {
            if (channel.isOpen() && idle.size() < MAX_IDLE && holds.get() > 0) {
                idle.addLast(channel);
                return;
            }
        }
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot close a channel: " + this, e);
        }
    }

    private EOFException ended(long end) {
        return new EOFException("file has ended before its range: file=" + path() + ", end=" + end);
    }

    private IllegalArgumentException outside(long byteOffset, long byteSize, long fileByteSize) {
        return new IllegalArgumentException(
                "range is not one of the file: file=%s, byteOffset=%d, byteSize=%d, bound=%d"
                        .formatted(path(), byteOffset, byteSize, fileByteSize));
    }

    private static IllegalStateException unchunked(Channel channel) {
        return new IllegalStateException("pipeline has no ChunkedWriteHandler and needs one: " + channel.pipeline());
    }
}
