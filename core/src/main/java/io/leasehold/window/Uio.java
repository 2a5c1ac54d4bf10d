package io.leasehold.window;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A transfer between a place in a file and memory or a channel, and how far it has come.
///
/// ```text
///   file      ... | moved, certain     |  residual            | ...
///                 ^ where it began     ^ byteOffset()
/// ```
///
/// **Ownership.** The memory, buffer or channel stays the caller's, and is left alone between two calls.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man.netbsd.org/uiomove.9">uiomove(9)</a>, struct uio
public final class Uio {

    private final boolean writes; // (C) from memory to the file
    private final @Nullable MemorySegment memory; // (C)
    private final @Nullable ByteBuffer buffer; // (C) whose position follows
    private final @Nullable WritableByteChannel sink; // (C)
    private final @Nullable ReadableByteChannel source; // (C)
    private long byteOffset; // (O) in the file
    private long residual; // (O)
    private long moved; // (O)

    private Uio(
            boolean writes,
            long byteOffset,
            long byteSize,
            @Nullable MemorySegment memory,
            @Nullable ByteBuffer buffer,
            @Nullable WritableByteChannel sink,
            @Nullable ReadableByteChannel source) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException(
                    "transfer is not within a file: byteOffset=" + byteOffset + ", byteSize=" + byteSize);
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

    /// {@return a transfer that fills memory from a file}
    ///
    /// @param byteOffset place in the file
    /// @param to memory to fill, native or an array's
    /// @throws ReadOnlyBufferException if it is read-only
    public static Uio reading(long byteOffset, MemorySegment to) {
        return new Uio(false, byteOffset, to.byteSize(), to, null, null, null);
    }

    /// {@return a transfer that fills the rest of a buffer from a file, and moves its position}
    ///
    /// @param byteOffset place in the file
    /// @param to buffer to fill
    /// @throws ReadOnlyBufferException if it is read-only
    public static Uio reading(long byteOffset, ByteBuffer to) {
        return new Uio(false, byteOffset, to.remaining(), MemorySegment.ofBuffer(to), to, null, null);
    }

    /// {@return a transfer from a file to a channel}
    ///
    /// @param byteOffset place in the file
    /// @param byteSize how many bytes
    /// @param to channel to write to; if it takes nothing, the transfer ends there
    public static Uio reading(long byteOffset, long byteSize, WritableByteChannel to) {
        return new Uio(false, byteOffset, byteSize, null, null, to, null);
    }

    /// {@return a transfer from memory to a file}
    ///
    /// @param byteOffset place in the file
    /// @param from memory to write, native or an array's
    public static Uio writing(long byteOffset, MemorySegment from) {
        return new Uio(true, byteOffset, from.byteSize(), from, null, null, null);
    }

    /// {@return a transfer of the rest of a buffer to a file, which moves its position}
    ///
    /// @param byteOffset place in the file
    /// @param from buffer to write
    public static Uio writing(long byteOffset, ByteBuffer from) {
        return new Uio(true, byteOffset, from.remaining(), MemorySegment.ofBuffer(from), from, null, null);
    }

    /// {@return a transfer from a channel to a file}
    ///
    /// @param byteOffset place in the file
    /// @param byteSize how many bytes
    /// @param from channel to read from, which blocks; its end before `byteSize` bytes is a failure
    public static Uio writing(long byteOffset, long byteSize, ReadableByteChannel from) {
        return new Uio(true, byteOffset, byteSize, null, null, null, from);
    }

    /// {@return the place in the file where it goes on}
    public long byteOffset() {
        return byteOffset;
    }

    /// {@return how many bytes are still to be moved (uio_resid)}
    public long residual() {
        return residual;
    }

    /// {@return how many bytes have been moved, exactly}
    public long moved() {
        return moved;
    }

    /// {@return whether it goes from memory to the file}
    public boolean writes() {
        return writes;
    }

    @Override
    public String toString() {
        return "Uio(%s, byteOffset=%d, residual=%d, moved=%d)"
                .formatted(writes ? "writing" : "reading", byteOffset, residual, moved);
    }

    /// {@return the memory that it fills or writes, from the first byte that was ever to be moved on, if it is memory}
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

    /// Writes staged bytes to the channel, and takes note of them one write at a time.
    /// If it takes nothing, the rest stays.
    void drain(MemorySegment staged) throws IOException {
        WritableByteChannel channel = Objects.requireNonNull(sink);
        ByteBuffer bytes = staged.asByteBuffer();
        while (bytes.hasRemaining()) {
            int count = channel.write(bytes);
            if (count <= 0) {
                return;
            }
            advance(count);
        }
    }

    /// Reads from the channel until the staging memory is full.
    ///
    /// @return how many bytes came; fewer than fit mean that the next call throws
    long fill(MemorySegment staging) throws IOException {
        ReadableByteChannel channel = Objects.requireNonNull(source);
        ByteBuffer bytes = staging.asByteBuffer();
        try {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new EOFException("source ended: " + this + ", read=" + bytes.position());
                }
            }
        } catch (IOException | RuntimeException e) {
            if (bytes.position() == 0) {
                throw e;
            }
        }
        return bytes.position();
    }
}
