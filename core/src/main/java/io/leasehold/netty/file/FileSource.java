package io.leasehold.netty.file;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
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
import java.util.Objects;

/// A file that is sent to channels, whole or in ranges, to any number of channels at once. The way of sending is chosen
/// for each write.
///
/// ```text
///   write(context, from, size) ---> promise: done, or failed and the channel closed
///     = content(...)  a copy | a region for sendfile | chunks: windows or copies
///     chunks(...)       always chunks, for a caller that frames them: HttpChunkedInput, Http2DataChunkedInput
/// ```
///
/// If a handler of the pipeline reads the bytes, TLS for instance, the pipeline needs a [ChunkedWriteHandler] between
/// that handler and the one that writes. Without a `ChunkedWriteHandler`, such a write of more than 16 KiB throws. Any
/// other write of more than 16 KiB then fails if sendfile is not possible, because the system has no descriptor left.
/// The `ChunkedWriteHandler` asks for the next chunk when the channel is writable, which is the back-pressure. It also
/// reports the progress to a [progressive promise][io.netty.channel.ChannelProgressivePromise]. For each channel at
/// most 256 KiB of a file are pinned beyond the high watermark of the channel, or 64 KiB are copied.
///
/// **Ownership.** The caller that opened the source closes it, before its cache and its allocator. Content that is
/// being sent is still sent to its end, and then the file is closed. Content that is written to a channel is owned by
/// the channel.
///
/// **Threads.** Thread-safe. If the bytes are not in the page cache, the event loop waits for the disk, as with all of
/// Netty's ways to send a file.
public final class FileSource implements AutoCloseable {

    /// Maximum length in bytes of content that is copied, and sent together with its head.
    static final int SMALL_BYTES = 16 << 10;

    /// Maximum length of one copy in bytes: long enough that the system call is a small part of its cost.
    static final int COPY_BYTES = 64 << 10;

    /// Maximum length of one window in bytes: some TLS records, and no more than a slow reader may keep pinned.
    static final int WINDOW_BYTES = 256 << 10;

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final WindowCache cache; // (C)
    private final LeasedByteBufAllocator allocator; // (C)
    private final HeldFile held = new HeldFile(); // (C)
    private volatile boolean closed; // (A) written by the owner

    private FileSource(WindowCache cache, LeasedByteBufAllocator allocator) {
        this.cache = cache;
        this.allocator = allocator;
    }

    /// Opens a file.
    ///
    /// @param cache the cache that reads the file and maps its windows
    /// @param allocator allocates the copies; returned by [ByteBuf#alloc()] of buffers over windows
    /// @param path a regular file of the default file system
    /// @param trust tells which processes may change the length of the file while it is open; no windows are used for a
    ///     FOREIGN file
    /// @return the source, to be closed by the caller
    /// @throws NoSuchFileException if there is no file
    /// @throws IOException if the file cannot be opened
    /// @throws IllegalStateException if the cache is closed
    public static FileSource open(WindowCache cache, LeasedByteBufAllocator allocator, Path path, FileTrust trust)
            throws IOException {
        Objects.requireNonNull(allocator, "allocator is null");
        HeldFile.dropLate();
        FileSource source = new FileSource(cache, allocator); // before the file is open, so that nothing fails after it
        source.held.set(cache.open(path, MappedFileOptions.defaults().withTrust(trust)));
        return source;
    }

    /// {@return the length of the file in bytes; for a FOREIGN file the system is asked}
    ///
    /// @throws IOException if the length cannot be read
    /// @throws IllegalStateException if the source is closed
    public long byteSize() throws IOException {
        return held.file().byteSize();
    }

    /// {@return the path that was given to [#open]}
    public Path path() {
        return held.file().path();
    }

    /// {@return the trust that was given to [#open]}
    public FileTrust trust() {
        return held.file().trust();
    }

    /// Writes a range of the file to a channel, without a flush. Nothing is sent before the channel is flushed;
    /// [#writeAndFlush] does both. If the write fails or is cancelled, the channel is closed: its client expects the
    /// rest of the range, and would take any later bytes for it.
    ///
    /// @param context context of the handler that writes; the handlers between it and the wire decide the way of
    ///     sending
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes; 0 writes nothing
    /// @return the future of the write. It fails if the file ends before the range does, is replaced under a mapping,
    ///     or cannot be read, and if the channel is closed meanwhile. It also fails if the file cannot be opened again
    ///     for sendfile and the write passes no [ChunkedWriteHandler]
    /// @throws IOException if the length of the file cannot be read, or small content cannot; nothing is written then
    /// @throws IllegalArgumentException if the range is not within the file
    /// @throws IllegalStateException if the source is closed, or if the write needs a [ChunkedWriteHandler] and
    ///     passes none
    public ChannelFuture write(ChannelHandlerContext context, long byteOffset, long byteSize) throws IOException {
        return write(context, byteOffset, byteSize, context.newPromise());
    }

    /// Writes a range of the file to a channel, without a flush, and completes the caller's promise. A progressive
    /// promise also gets the progress.
    ///
    /// @param context context of the handler that writes; the handlers between it and the wire decide the way of
    ///     sending
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes; 0 writes nothing
    /// @param promise completed like the result of [#write(ChannelHandlerContext, long, long)]. For a void promise, a
    ///     failure is reported to the pipeline. If the promise is already cancelled, nothing is written
    /// @return the promise; for a void promise another one that takes listeners
    /// @throws IOException if the length of the file cannot be read, or small content cannot; nothing is written then,
    ///     and the promise is not completed
    /// @throws IllegalArgumentException if the range is not within the file, or the promise is done or of another
    ///     channel
    /// @throws IllegalStateException if the source is closed, or if the write needs a [ChunkedWriteHandler] and
    ///     passes none
    public ChannelFuture write(ChannelHandlerContext context, long byteOffset, long byteSize, ChannelPromise promise)
            throws IOException {
        ChannelPromise completed = promise.unvoid(); // a void promise takes no listener
        Object content = content(context, byteOffset, byteSize);
        boolean isWritten = false;
        try {
            if (content instanceof SourceChunks chunks && !PipelineTouch.passesChunks(context)) {
                IOException cause = chunks.insteadOfRegion();
                if (cause == null) {
                    throw unchunked(context);
                }
                return fail(context, completed, cause);
            }
            ChannelFuture written = context.write(content, completed)
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

    /// Writes a range of the file to a channel as [#write(ChannelHandlerContext, long, long)] does, and flushes the
    /// channel.
    ///
    /// @param context context of the handler that writes; the handlers between it and the wire decide the way of
    ///     sending
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes; 0 writes nothing
    /// @return the future of the write
    /// @throws IOException if the length of the file cannot be read, or small content cannot; nothing is written then
    /// @throws IllegalArgumentException if the range is not within the file
    /// @throws IllegalStateException if the source is closed, or if the write needs a [ChunkedWriteHandler] and
    ///     passes none
    public ChannelFuture writeAndFlush(ChannelHandlerContext context, long byteOffset, long byteSize)
            throws IOException {
        return writeAndFlush(context, byteOffset, byteSize, context.newPromise());
    }

    /// Writes a range of the file to a channel as [#write(ChannelHandlerContext, long, long, ChannelPromise)] does, and
    /// flushes the channel.
    ///
    /// @param context context of the handler that writes; the handlers between it and the wire decide the way of
    ///     sending
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes; 0 writes nothing
    /// @param promise completed as by that `write`
    /// @return the promise, as returned by that `write`
    /// @throws IOException if the length of the file cannot be read, or small content cannot; nothing is written then
    /// @throws IllegalArgumentException if the range is not within the file, or the promise is done or of another
    ///     channel
    /// @throws IllegalStateException if the source is closed, or if the write needs a [ChunkedWriteHandler] and
    ///     passes none
    public ChannelFuture writeAndFlush(
            ChannelHandlerContext context, long byteOffset, long byteSize, ChannelPromise promise) throws IOException {
        ChannelFuture written = write(context, byteOffset, byteSize, promise);
        context.flush();
        return written;
    }

    /// Fails a write of which nothing can be sent, as [ChannelHandlerContext#write] does with a handler that throws.
    private static ChannelFuture fail(ChannelHandlerContext context, ChannelPromise promise, IOException cause) {
        if (!promise.channel().equals(context.channel()) || (promise.isDone() && !promise.isCancelled())) {
            throw new IllegalArgumentException(
                    "promise is done or of another channel: promise=" + promise + ", channel=" + context.channel());
        }
        promise.tryFailure(cause); // without effect if it is cancelled
        return promise.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /// Drops the hold on the file of content that is not sent to its end. Netty releases objects that count references.
    /// Chunks do not count, and a handler that throws releases nothing.
    private static void abandon(Object content) {
        if (content instanceof SourceChunks chunks) {
            chunks.close();
        } else if (content instanceof SourceRegion region) {
            region.abandon();
        }
    }

    /// {@return the object to write for a range of the file: a buffer, a region for sendfile, or chunks}
    ///
    /// The caller writes the object, or releases the buffer or region, or closes the chunks. Until a region is sent or
    /// released, an incomplete segment of a channel of Netty's epoll transport may wait for up to 200 ms, so that the
    /// head of an answer leaves together with the region (`TCP_CORK`). This is done if the event loop of the channel
    /// calls, and if the channel has no cork. A cork that the caller sets before the region is released is removed with
    /// the region.
    ///
    /// @param context context of the handler that will write it; the handlers between it and the wire decide the way of
    ///     sending
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes
    /// @throws IOException if the length of the file cannot be read, or small content cannot
    /// @throws IllegalArgumentException if the range is not within the file
    /// @throws IllegalStateException if the source is closed
    public Object content(ChannelHandlerContext context, long byteOffset, long byteSize) throws IOException {
        hold(byteOffset, byteSize);
        boolean isCreated = false;
        try {
            if (byteSize == 0) {
                return Unpooled.EMPTY_BUFFER;
            }
            if (byteSize <= SMALL_BYTES) {
                return copy(byteOffset, byteSize);
            }
            PipelineTouch touch = PipelineTouch.of(context);
            Object content = touch == PipelineTouch.NONE
                    ? regionOrChunks(context.channel(), byteOffset, byteSize)
                    : new SourceChunks(this, byteOffset, byteSize, copiesFor(touch));
            isCreated = true;
            return content;
        } finally {
            if (!isCreated) {
                dropHold();
            }
        }
    }

    /// {@return a range of the file in chunks: windows in place, or copies of a FOREIGN file and for native readers;
    /// the caller writes or closes the chunks}
    ///
    /// Use it if sendfile is not possible, because a handler takes content in objects of its own. A compressor of HTTP
    /// does so: it gets this object in an `HttpChunkedInput`.
    ///
    /// @param context context of the handler that will write it; the handlers between it and the wire decide between
    ///     windows and copies
    /// @param byteOffset start of the range
    /// @param byteSize size of the range in bytes
    /// @throws IOException if the length of the file cannot be read
    /// @throws IllegalArgumentException if the range is not within the file
    /// @throws IllegalStateException if the source is closed
    public ChunkedInput<ByteBuf> chunks(ChannelHandlerContext context, long byteOffset, long byteSize)
            throws IOException {
        boolean copies = copiesFor(PipelineTouch.of(context));
        hold(byteOffset, byteSize);
        boolean isCreated = false;
        try {
            ChunkedInput<ByteBuf> chunks = new SourceChunks(this, byteOffset, byteSize, copies);
            isCreated = true;
            return chunks;
        } finally {
            if (!isCreated) {
                dropHold(); // the Java heap is full
            }
        }
    }

    /// Closes the source. The file is closed once the last content that is being sent has ended. If that content ends
    /// on a stack that is too short, the file is closed when the next source is opened, used or closed. Closing twice
    /// has no effect.
    @Override
    public synchronized void close() {
        HeldFile.dropLate();
        if (!closed) {
            dropHold();
            closed = true;
        }
    }

    @Override
    public String toString() {
        return format("FileSource(%s, holds=%d%s)", held.file(), held.holds(), closed ? ", closed" : "");
    }

    /// {@return a guarded copy of up to [#COPY_BYTES]}
    ///
    /// @throws EOFException if the file ends before the copied bytes do
    ByteBuf copy(long byteOffset, long byteSize) throws IOException {
        int count = (int) Math.min(byteSize, COPY_BYTES);
        ByteBuf copy = allocator.directBuffer(count, count);
        boolean isCopied = false;
        try {
            long moved = cache.read(held.file(), byteOffset, OffHeap.segment(copy.memoryAddress(), count));
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

    /// {@return up to [#WINDOW_BYTES] in place; or a copy if all windows are in use, because the event loop does not
    /// wait}
    ByteBuf wrapWindow(long byteOffset, long byteSize) throws IOException {
        long count = Math.min(byteSize, WINDOW_BYTES);
        int flags = WindowFlag.READ | WindowFlag.NOWAIT;
        Window window = cache.alloc(held.file(), byteOffset, count, AccessAdvice.NORMAL, flags);
        if (window == null) {
            return copy(byteOffset, byteSize);
        }
        boolean isWrapped = false;
        held.hold();
        try {
            ByteBuf buf = WindowBuffers.wrap(allocator, window, this::dropHold);
            isWrapped = true;
            return buf;
        } finally {
            if (!isWrapped) {
                try {
                    window.close();
                } finally {
                    dropHold();
                }
            }
        }
    }

    /// Drops one hold on the file. Dropping the last hold closes the file. Throws nothing if the stack is short or the
    /// file cannot be closed, because any thread may make the last release.
    void dropHold() {
        held.drop();
    }

    private void hold(long byteOffset, long byteSize) throws IOException {
        HeldFile.dropLate();
        if (closed || !held.tryHold()) {
            throw new IllegalStateException("source is closed: source=" + this);
        }
        boolean isHeld = false;
        try {
            long fileByteSize = byteSize();
            if (byteOffset < 0 || byteSize < 0 || byteOffset > fileByteSize - byteSize) {
                throw outside(byteOffset, byteSize, fileByteSize);
            }
            isHeld = true;
        } finally {
            if (!isHeld) {
                dropHold();
            }
        }
    }

    private boolean copiesFor(PipelineTouch touch) {
        return trust() == FileTrust.FOREIGN || touch == PipelineTouch.UNKNOWN;
    }

    /// {@return a region for sendfile; chunks that name the failure if the system cannot open the file again}
    private Object regionOrChunks(Channel target, long byteOffset, long byteSize) {
        FileChannel channel;
        try {
            channel = held.takeChannel();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot use sendfile, chunks are sent instead: source=" + this, e);
            return new SourceChunks(this, byteOffset, byteSize, copiesFor(PipelineTouch.NONE), e);
        }
        boolean isTaken = false;
        try {
            SourceRegion region = new SourceRegion(this, channel, byteOffset, byteSize);
            region.cork(target);
            isTaken = true;
            return region;
        } finally {
            if (!isTaken) {
                giveBack(channel); // the Java heap is full, or the channel failed
            }
        }
    }

    /// Keeps a channel for later regions, or closes it.
    void giveBack(FileChannel channel) {
        held.giveBack(channel);
    }

    private EOFException ended(long end) {
        return new EOFException("file has ended before its range: file=" + path() + ", end=" + end);
    }

    private IllegalArgumentException outside(long byteOffset, long byteSize, long fileByteSize) {
        return new IllegalArgumentException(format(
                "range is not within the file: file=%s, byteOffset=%d, byteSize=%d, min=0, max=%d",
                path(), byteOffset, byteSize, fileByteSize));
    }

    private static IllegalStateException unchunked(ChannelHandlerContext context) {
        return new IllegalStateException(
                "the write passes no ChunkedWriteHandler, add one between TLS and the handler that writes: writer="
                        + context.name() + ", pipeline=" + context.pipeline());
    }
}
