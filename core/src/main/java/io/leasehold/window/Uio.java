package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A transfer between a place in a file and memory or a channel, and its progress.
///
/// ```text
///   file      ... | moved              |  residual            | ...
///                 ^ start              ^ byteOffset()
/// ```
///
/// **Ownership.** The memory, buffer or channel belongs to the caller. It is not accessed between two calls.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man.netbsd.org/uiomove.9">uiomove(9)</a>, struct uio
public final class Uio {

    /// Number of reads in a row without a byte after which the source counts as failed. A channel in blocking mode
    /// should give a byte at each read; a channel that decrypts may have read a part of a record.
    private static final int MAX_EMPTY_READS = 10_000;

    private final boolean writes; // (C) from memory to the file
    private final @Nullable MemorySegment memory; // (C)
    private final @Nullable ByteBuffer buffer; // (C) its position is advanced
    private final @Nullable WritableByteChannel sink; // (C)
    private final @Nullable ReadableByteChannel source; // (C)
    private long byteOffset; // (O) in the file
    private long residual; // (O)
    private long moved; // (O)
    private @Nullable Exception failure; // (O) of the source, to be thrown after its bytes are written

    private Uio(
            boolean writes,
            long byteOffset,
            long byteSize,
            @Nullable MemorySegment memory,
            @Nullable ByteBuffer buffer,
            @Nullable WritableByteChannel sink,
            @Nullable ReadableByteChannel source) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException("range is negative or too large: byteOffset=" + byteOffset
                    + ", byteSize=" + byteSize + ", min=0, max=" + Long.MAX_VALUE);
        }
        if (!writes && memory != null && memory.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        this.writes = writes;
        this.byteOffset = byteOffset;
        this.residual = byteSize;
        this.memory = memory;
        this.buffer = buffer;
        this.sink = sink;
        this.source = source;
    }

    /// {@return a transfer from a file to memory}
    ///
    /// @param byteOffset offset in the file
    /// @param to memory to fill, native or of an array
    /// @throws IllegalArgumentException if the offset is negative, or the range ends behind [Long#MAX_VALUE]
    /// @throws ReadOnlyBufferException if the memory is read-only
    public static Uio reading(long byteOffset, MemorySegment to) {
        return new Uio(false, byteOffset, to.byteSize(), to, null, null, null);
    }

    /// {@return a transfer from a file to the rest of a buffer, which advances the position of the buffer}
    ///
    /// @param byteOffset offset in the file
    /// @param to buffer to fill
    /// @throws IllegalArgumentException if the offset is negative, or the range ends behind [Long#MAX_VALUE]
    /// @throws ReadOnlyBufferException if the buffer is read-only
    public static Uio reading(long byteOffset, ByteBuffer to) {
        return new Uio(false, byteOffset, to.remaining(), MemorySegment.ofBuffer(to), to, null, null);
    }

    /// {@return a transfer from a file to a channel}
    ///
    /// @param byteOffset offset in the file
    /// @param byteSize number of bytes
    /// @param to channel to write to; if a write to it moves nothing, the transfer ends there
    /// @throws IllegalArgumentException if an argument is negative, or the range ends behind [Long#MAX_VALUE]
    public static Uio reading(long byteOffset, long byteSize, WritableByteChannel to) {
        return new Uio(false, byteOffset, byteSize, null, null, Objects.requireNonNull(to, "to is null"), null);
    }

    /// {@return a transfer from memory to a file}
    ///
    /// @param byteOffset offset in the file
    /// @param from memory to write, native or of an array
    /// @throws IllegalArgumentException if the offset is negative, or the range ends behind [Long#MAX_VALUE]
    public static Uio writing(long byteOffset, MemorySegment from) {
        return new Uio(true, byteOffset, from.byteSize(), from, null, null, null);
    }

    /// {@return a transfer from the rest of a buffer to a file, which advances the position of the buffer}
    ///
    /// @param byteOffset offset in the file
    /// @param from buffer to write
    /// @throws IllegalArgumentException if the offset is negative, or the range ends behind [Long#MAX_VALUE]
    public static Uio writing(long byteOffset, ByteBuffer from) {
        return new Uio(true, byteOffset, from.remaining(), MemorySegment.ofBuffer(from), from, null, null);
    }

    /// {@return a transfer from a channel to a file}
    ///
    /// @param byteOffset offset in the file
    /// @param byteSize number of bytes
    /// @param from channel to read from, in blocking mode; its end before `byteSize` bytes is a failure, and so are
    ///     10,000 reads in a row without a byte. If a read of it fails, the bytes that it gave before are written first
    /// @throws IllegalArgumentException if an argument is negative, or the range ends behind [Long#MAX_VALUE]
    /// @throws IllegalBlockingModeException if the channel is in non-blocking mode
    public static Uio writing(long byteOffset, long byteSize, ReadableByteChannel from) {
        requireBlocking(from);
        return new Uio(true, byteOffset, byteSize, null, null, null, Objects.requireNonNull(from, "from is null"));
    }

    /// {@return the offset in the file of the next byte to move}
    public long byteOffset() {
        return byteOffset;
    }

    /// {@return the number of bytes that are left to move (uio_resid)}
    public long residual() {
        return residual;
    }

    /// {@return the exact number of bytes moved so far}
    public long moved() {
        return moved;
    }

    /// {@return true if the transfer goes to the file}
    public boolean writes() {
        return writes;
    }

    @Override
    public String toString() {
        return format(
                "Uio(%s, byteOffset=%d, residual=%d, moved=%d)",
                writes ? "writing" : "reading", byteOffset, residual, moved);
    }

    /// {@return the memory that the transfer fills or writes, from its first byte on, or null for a channel}
    @Nullable MemorySegment memory() {
        return memory;
    }

    void advance(long byteSize) {
        byteOffset += byteSize;
        residual -= byteSize;
        moved += byteSize;
        if (buffer != null) {
            buffer.position(buffer.position() + (int) byteSize);
        }
    }

    /// Writes staged bytes to the channel, and advances after each write by what the channel took from the buffer. Its
    /// result may count other bytes, for example compressed ones. If the channel accepts nothing, the rest stays.
    void drain(MemorySegment staged) throws IOException {
        WritableByteChannel channel = Objects.requireNonNull(sink);
        ByteBuffer bytes = staged.asByteBuffer();
        int before = -1;
        while (bytes.hasRemaining() && bytes.position() > before) {
            before = bytes.position();
            try {
                channel.write(bytes);
            } finally {
                advance(Math.max(0, bytes.position() - before));
            }
        }
    }

    /// Reads from the channel until the staging memory is full. A failure after the first byte is kept and thrown by
    /// the next call, because the caller writes the staged bytes first. The channel is not read again in between: it
    /// might continue, and the failure would be lost.
    ///
    /// @return number of bytes read; if fewer than fit, the next call throws
    long fill(MemorySegment staging) throws IOException {
        throwFailure();
        ReadableByteChannel channel = Objects.requireNonNull(source);
        ByteBuffer bytes = staging.asByteBuffer();
        int empty = 0;
        try {
            while (bytes.hasRemaining()) {
                int count = channel.read(bytes);
                empty = count == 0 ? empty + 1 : 0;
                if (count == 0) {
                    requireBlocking(channel); // a thread may have changed the mode meanwhile
                    if (empty == MAX_EMPTY_READS) {
                        throw new IOException(
                                "source gives no bytes: " + this + ", read=" + bytes.position() + ", reads=" + empty);
                    }
                    Thread.yield();
                } else if (count < 0) {
                    throw new EOFException("source ended: " + this + ", read=" + bytes.position());
                }
            }
        } catch (IOException | RuntimeException e) {
            if (bytes.position() == 0) {
                throw e;
            }
            failure = e;
        }
        return bytes.position();
    }

    /// Checks the mode of the source, if the transfer has one.
    ///
    /// @throws IllegalBlockingModeException if it is non-blocking
    void requireBlocking() {
        if (source != null) {
            requireBlocking(source);
        }
    }

    /// Checks the mode of a source. A source in non-blocking mode would be read in a loop, and an interrupt would not
    /// end the loop.
    private static void requireBlocking(ReadableByteChannel channel) {
        if (channel instanceof SelectableChannel selectable && !selectable.isBlocking()) {
            throw new IllegalBlockingModeException();
        }
    }

    /// Throws the failure that the last [#fill] kept, once.
    private void throwFailure() throws IOException {
        Exception kept = failure;
        failure = null;
        if (kept instanceof IOException e) {
            throw e;
        }
        if (kept instanceof RuntimeException e) {
            throw e;
        }
    }
}
