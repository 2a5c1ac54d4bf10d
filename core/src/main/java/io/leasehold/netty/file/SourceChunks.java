package io.leasehold.netty.file;

import static io.leasehold.text.Texts.format;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.stream.ChunkedInput;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A range of a source, piece by piece as the channel is writable.
///
/// **Ownership.** The handler that gets these chunks closes them. They hold their source until then. Pieces that are in
/// use hold the source too.
///
/// **Threads.** Confined to the event loop, except [#close], which any thread may call.
final class SourceChunks implements ChunkedInput<ByteBuf> {

    /// Number of bytes at the end of a range that are always copied. A window shows zeroes where its file was truncated
    /// within a page, without an error. The copy fails then, and so does the write.
    private static final int TAIL_BYTES = FileSource.SMALL_BYTES;

    private final FileSource source; // (C)
    private final long begin; // (C)
    private final long end; // (C)
    private final boolean copies; // (C)
    private final @Nullable IOException instead; // (C) why there is no region
    private long position; // (O)
    private boolean closed; // (L) this

    /// @param source source with one hold, which this input takes over
    SourceChunks(FileSource source, long byteOffset, long byteSize, boolean copies) {
        this(source, byteOffset, byteSize, copies, null);
    }

    /// @param source source with one hold, which this input takes over
    /// @param instead the failure because of which chunks replace a region, or null if chunks were the choice
    SourceChunks(FileSource source, long byteOffset, long byteSize, boolean copies, @Nullable IOException instead) {
        this.source = source;
        this.begin = byteOffset;
        this.end = byteOffset + byteSize;
        this.copies = copies;
        this.instead = instead;
        this.position = byteOffset;
    }

    /// {@return the failure because of which these chunks replace a region for sendfile; null if chunks were the
    /// choice}
    @Nullable IOException insteadOfRegion() {
        return instead;
    }

    @Override
    public boolean isEndOfInput() {
        return position == end;
    }

    /// {@return the next piece, allocated by the source's allocator; null at the end}
    ///
    /// @throws IOException if the file has ended before its range, or cannot be read
    /// @throws IllegalStateException if this input is closed
    @Override
    public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) throws IOException {
        if (isEndOfInput()) {
            return null;
        }
        ByteBuf chunk = next();
        position += chunk.readableBytes();
        return chunk;
    }

    /// Reads the next piece. The lock keeps the hold on the source during the read.
    private synchronized ByteBuf next() throws IOException {
        if (closed) {
            throw new IllegalStateException("content is closed: content=" + this);
        }
        long rest = end - position;
        return copies || rest <= TAIL_BYTES
                ? source.copy(position, rest)
                : source.wrapWindow(position, rest - TAIL_BYTES);
    }

    @Override
    @SuppressWarnings("deprecation")
    public @Nullable ByteBuf readChunk(ChannelHandlerContext context) throws IOException {
        return readChunk(context.alloc());
    }

    @Override
    public long length() {
        return end - begin;
    }

    @Override
    public long progress() {
        return position - begin;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            source.dropHold();
            closed = true; // last: if the stack is too short for the call, nothing is changed
        }
    }

    @Override
    public String toString() {
        return format(
                "SourceChunks(%s, byteOffset=%d, byteSize=%d, progress=%d)",
                source, begin, end - begin, position - begin);
    }
}
