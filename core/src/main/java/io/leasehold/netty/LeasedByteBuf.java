package io.leasehold.netty;

import io.leasehold.memory.OffHeap;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// A buffer outside the Java heap: a Netty buffer over a block at an address, or over an [ExternalMemory].
///
/// **Ownership, threads.** As for every `ByteBuf`: each holder of a reference releases it, once and on any thread.
///
/// **Bounds.** Netty checks each access first (`io.netty.buffer.checkBounds`, `checkAccessible`). The access itself is
/// one load or store without a check. The bytes are reversed where the order is not the machine's.
final class LeasedByteBuf extends CountedByteBuf {

    private static final boolean BIG = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;

    /// Maximum number of bytes that are copied between a stream and the buffer at once: enough for a packet, few enough
    /// to be cheap.
    private static final int STREAM_BYTES = 8 << 10;

    private @Nullable ExternalMemory external; // (O) the holder; null if the block is of a heap

    LeasedByteBuf(
            LeasedByteBufAllocator allocator,
            SlabHeap<CountedByteBuf> heap,
            @Nullable ExternalMemory external,
            long handle,
            long address,
            int blockByteSize) {
        super(allocator, heap, handle, address, blockByteSize);
        this.external = external;
    }

    @Override
    void zero(int index, int length) {
        OffHeap.fill(start() + index, length, (byte) 0);
    }

    @Override
    void copyTo(CountedByteBuf other, int length) {
        OffHeap.copy(start(), other.start(), length);
    }

    @Override
    ByteBuffer viewOfBlock() {
        return view(0, blockByteSize());
    }

    @Override
    CountedByteBuf successor() {
        return new LeasedByteBuf(allocator(), heap(), external, handle(), start(), blockByteSize());
    }

    @Override
    @Nullable ExternalMemory external() {
        return external;
    }

    @Override
    void takeLocationOf(CountedByteBuf other) {
        external = other.external();
    }

    @Override
    public boolean isDirect() {
        return true;
    }

    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public byte[] array() {
        throw new UnsupportedOperationException("a direct buffer has no array");
    }

    @Override
    public int arrayOffset() {
        throw new UnsupportedOperationException("a direct buffer has no array");
    }

    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        ensureAccessible();
        return start();
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        checkIndex(index, length);
        return view(index, length);
    }

    private ByteBuffer view(int index, int length) {
        return OffHeap.segment(start() + index, length).asByteBuffer();
    }

    @Override
    protected byte _getByte(int index) {
        return OffHeap.getByte(start() + index);
    }

    @Override
    protected short _getShort(int index) {
        short value = OffHeap.getShort(start() + index);
        return BIG ? value : Short.reverseBytes(value);
    }

    @Override
    protected short _getShortLE(int index) {
        short value = OffHeap.getShort(start() + index);
        return BIG ? Short.reverseBytes(value) : value;
    }

    @Override
    protected int _getUnsignedMedium(int index) {
        return (_getShort(index) & 0xffff) << 8 | (_getByte(index + 2) & 0xff);
    }

    @Override
    protected int _getUnsignedMediumLE(int index) {
        return (_getShortLE(index) & 0xffff) | (_getByte(index + 2) & 0xff) << 16;
    }

    @Override
    protected int _getInt(int index) {
        int value = OffHeap.getInt(start() + index);
        return BIG ? value : Integer.reverseBytes(value);
    }

    @Override
    protected int _getIntLE(int index) {
        int value = OffHeap.getInt(start() + index);
        return BIG ? Integer.reverseBytes(value) : value;
    }

    @Override
    protected long _getLong(int index) {
        long value = OffHeap.getLong(start() + index);
        return BIG ? value : Long.reverseBytes(value);
    }

    @Override
    protected long _getLongLE(int index) {
        long value = OffHeap.getLong(start() + index);
        return BIG ? Long.reverseBytes(value) : value;
    }

    @Override
    protected void _setByte(int index, int value) {
        OffHeap.putByte(start() + index, (byte) value);
    }

    @Override
    protected void _setShort(int index, int value) {
        OffHeap.putShort(start() + index, BIG ? (short) value : Short.reverseBytes((short) value));
    }

    @Override
    protected void _setShortLE(int index, int value) {
        OffHeap.putShort(start() + index, BIG ? Short.reverseBytes((short) value) : (short) value);
    }

    @Override
    protected void _setMedium(int index, int value) {
        _setShort(index, value >> 8);
        _setByte(index + 2, value);
    }

    @Override
    protected void _setMediumLE(int index, int value) {
        _setShortLE(index, value);
        _setByte(index + 2, value >> 16);
    }

    @Override
    protected void _setInt(int index, int value) {
        OffHeap.putInt(start() + index, BIG ? value : Integer.reverseBytes(value));
    }

    @Override
    protected void _setIntLE(int index, int value) {
        OffHeap.putInt(start() + index, BIG ? Integer.reverseBytes(value) : value);
    }

    @Override
    protected void _setLong(int index, long value) {
        OffHeap.putLong(start() + index, BIG ? value : Long.reverseBytes(value));
    }

    @Override
    protected void _setLongLE(int index, long value) {
        OffHeap.putLong(start() + index, BIG ? Long.reverseBytes(value) : value);
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuf dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.capacity());
        if (dst.hasMemoryAddress() && !dst.isReadOnly()) {
            long to = dst.memoryAddress() + dstIndex;
            if (OffHeap.reaches(to, length)) {
                OffHeap.copy(start() + index, to, length);
                return this;
            }
        } else if (dst.hasArray()) {
            OffHeap.copyToArray(start() + index, dst.array(), dst.arrayOffset() + dstIndex, length);
            return this;
        }
        dst.setBytes(dstIndex, view(index, length));
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.length);
        OffHeap.copyToArray(start() + index, dst, dstIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer dst) {
        int length = dst.remaining();
        checkIndex(index, length);
        if (dst.hasArray()) {
            int position = dst.position();
            OffHeap.copyToArray(start() + index, dst.array(), dst.arrayOffset() + position, length);
            dst.position(position + length);
        } else {
            dst.put(view(index, length));
        }
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream out, int length) throws IOException {
        checkIndex(index, length);
        byte[] some = new byte[Math.min(length, STREAM_BYTES)];
        for (int done = 0; done < length; done += some.length) {
            int count = Math.min(some.length, length - done);
            OffHeap.copyToArray(start() + index + done, some, 0, count);
            out.write(some, 0, count);
        }
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.capacity());
        if (src.hasMemoryAddress()) {
            long from = src.memoryAddress() + srcIndex;
            if (OffHeap.reaches(from, length)) {
                OffHeap.copy(from, start() + index, length);
                return this;
            }
        } else if (src.hasArray()) {
            OffHeap.copyFromArray(src.array(), src.arrayOffset() + srcIndex, start() + index, length);
            return this;
        }
        src.getBytes(srcIndex, view(index, length));
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, byte[] src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.length);
        OffHeap.copyFromArray(src, srcIndex, start() + index, length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer src) {
        int length = src.remaining();
        checkIndex(index, length);
        if (src.hasArray()) {
            int position = src.position();
            OffHeap.copyFromArray(src.array(), src.arrayOffset() + position, start() + index, length);
            src.position(position + length);
        } else {
            view(index, length).put(src);
        }
        return this;
    }

    /// Reads bytes from a stream in pieces, like `BufferedInputStream`. It reads at least one piece, and more pieces
    /// while the stream reports bytes that are available without waiting.
    ///
    /// @return number of bytes read, or -1 at the end of the stream
    /// @throws IOException if the first piece cannot be read; a later failure ends the call early, and the next call
    ///     meets it
    @Override
    public int setBytes(int index, InputStream in, int length) throws IOException {
        checkIndex(index, length);
        byte[] some = new byte[Math.min(length, STREAM_BYTES)];
        int done = setPiece(index, in, some, some.length);
        if (done <= 0) {
            return done;
        }
        try {
            while (done < length && in.available() > 0) {
                int count = setPiece(index + done, in, some, Math.min(some.length, length - done));
                if (count <= 0) {
                    return done;
                }
                done += count;
            }
        } catch (IOException e) {
            return done; // the bytes that were read before must not be lost
        }
        return done;
    }

    private int setPiece(int index, InputStream in, byte[] some, int byteSize) throws IOException {
        int count = in.read(some, 0, byteSize);
        if (count > 0) {
            OffHeap.copyFromArray(some, 0, start() + index, count);
        }
        return count;
    }
}
