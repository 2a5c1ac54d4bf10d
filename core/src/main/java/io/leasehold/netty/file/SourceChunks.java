package io.leasehold.netty.file;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.stream.ChunkedInput;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A range of a source, piece by piece, as the channel takes them.
///
/// **Ownership.** Whom it was written to closes it. It holds its source until then; pieces that are out hold it too.
///
/// **Threads.** Confined to the event loop, but for [#close], which may come from any.
final class SourceChunks implements ChunkedInput<ByteBuf> {

    /// What is copied at the end of all that is lent. A window shows zeroes where its file was cut within a page, and
    /// tells nothing of it; the copy fails then, and with it the write.
    private static final int TAIL_BYTES = FileSource.SMALL_BYTES;

    private final FileSource source; // (C)
    private final long begin; // (C)
    private final long end; // (C)
    private final boolean copies; // (C)
    private long position; // (O)
    private boolean closed; // (L) this

    /// @param source held already, which is this input's from now on
    SourceChunks(FileSource source, long byteOffset, long byteSize, boolean copies) {
        this.source = source;
        this.begin = byteOffset;
        this.end = byteOffset + byteSize;
        this.copies = copies;
        this.position = byteOffset;
    }

    @Override
    public boolean isEndOfInput() {
        return position == end;
    }

    /// {@return the next piece, of the source's allocator; null at the end}
    ///
    /// @throws IOException if the file has ended before its range did, or the system refuses
    /// @throws IllegalStateException if it is closed
    @Override
    public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) throws IOException {
        if (isEndOfInput()) {
            return null;
        }
        ByteBuf chunk = next();
        position += chunk.readableBytes();
        return chunk;
    }

    /// The lock keeps the source held while it is read.
    private synchronized ByteBuf next() throws IOException {
        if (closed) {
            throw new IllegalStateException("content is closed: " + this);
        }
        long rest = end - position;
        return copies || rest <= TAIL_BYTES ? source.copy(position, rest) : source.lend(position, rest - TAIL_BYTES);
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
            closed = true;
            source.letGo();
        }
    }

    @Override
    public String toString() {
        return "SourceChunks(%s, byteOffset=%d, byteSize=%d, progress=%d)"
                .formatted(source, begin, end - begin, position - begin);
    }
}
