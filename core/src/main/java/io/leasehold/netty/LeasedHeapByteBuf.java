package io.leasehold.netty;

import io.leasehold.slab.SlabHeap;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A buffer on the Java heap: a part of a pooled `byte[]`, for code that needs an array, such as the JDK's TLS engine.
///
/// **Ownership, threads.** As for every `ByteBuf`: each holder of a reference releases it, once and on any thread.
///
/// **Bounds.** Netty checks each access, and the array checks it again. The other bytes of the array belong to other
/// buffers, and [#array()] exposes them.
final class LeasedHeapByteBuf extends CountedByteBuf {

    private static final VarHandle SHORT = view(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle SHORT_LE = view(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = view(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT_LE = view(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = view(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_LE = view(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] array; // (O) the holder; the array that contains the block

    LeasedHeapByteBuf(
            LeasedByteBufAllocator allocator,
            SlabHeap<CountedByteBuf> heap,
            long handle,
            byte[] array,
            int arrayOffset,
            int blockByteSize) {
        super(allocator, heap, handle, arrayOffset, blockByteSize);
        this.array = array;
    }

    @Override
    void zero(int index, int length) {
        Arrays.fill(array, at(index), at(index + length), (byte) 0);
    }

    @Override
    void copyTo(CountedByteBuf other, int length) {
        System.arraycopy(array, at(0), ((LeasedHeapByteBuf) other).array, (int) other.start(), length);
    }

    @Override
    ByteBuffer viewOfBlock() {
        return ByteBuffer.wrap(array, at(0), blockByteSize()).slice();
    }

    @Override
    CountedByteBuf successor() {
        return new LeasedHeapByteBuf(allocator(), heap(), handle(), array, at(0), blockByteSize());
    }

    @Override
    @Nullable ExternalMemory external() {
        return null;
    }

    @Override
    void takeLocationOf(CountedByteBuf other) {
        array = ((LeasedHeapByteBuf) other).array;
    }

    @Override
    public boolean isDirect() {
        return false;
    }

    @Override
    public boolean hasArray() {
        return true;
    }

    @Override
    public byte[] array() {
        ensureAccessible();
        return array;
    }

    @Override
    public int arrayOffset() {
        return at(0);
    }

    @Override
    public boolean hasMemoryAddress() {
        return false;
    }

    @Override
    public long memoryAddress() {
        throw new UnsupportedOperationException("a heap buffer has no memory address");
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        checkIndex(index, length);
        return ByteBuffer.wrap(array, at(index), length).slice();
    }

    @Override
    protected byte _getByte(int index) {
        return array[at(index)];
    }

    @Override
    protected short _getShort(int index) {
        return (short) SHORT.get(array, at(index));
    }

    @Override
    protected short _getShortLE(int index) {
        return (short) SHORT_LE.get(array, at(index));
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
        return (int) INT.get(array, at(index));
    }

    @Override
    protected int _getIntLE(int index) {
        return (int) INT_LE.get(array, at(index));
    }

    @Override
    protected long _getLong(int index) {
        return (long) LONG.get(array, at(index));
    }

    @Override
    protected long _getLongLE(int index) {
        return (long) LONG_LE.get(array, at(index));
    }

    @Override
    protected void _setByte(int index, int value) {
        array[at(index)] = (byte) value;
    }

    @Override
    protected void _setShort(int index, int value) {
        SHORT.set(array, at(index), (short) value);
    }

    @Override
    protected void _setShortLE(int index, int value) {
        SHORT_LE.set(array, at(index), (short) value);
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
        INT.set(array, at(index), value);
    }

    @Override
    protected void _setIntLE(int index, int value) {
        INT_LE.set(array, at(index), value);
    }

    @Override
    protected void _setLong(int index, long value) {
        LONG.set(array, at(index), value);
    }

    @Override
    protected void _setLongLE(int index, long value) {
        LONG_LE.set(array, at(index), value);
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuf dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.capacity());
        if (dst.hasArray()) {
            System.arraycopy(array, at(index), dst.array(), dst.arrayOffset() + dstIndex, length);
        } else {
            dst.setBytes(dstIndex, array, at(index), length);
        }
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] dst, int dstIndex, int length) {
        checkDstIndex(index, length, dstIndex, dst.length);
        System.arraycopy(array, at(index), dst, dstIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer dst) {
        int length = dst.remaining();
        checkIndex(index, length);
        dst.put(array, at(index), length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream out, int length) throws IOException {
        checkIndex(index, length);
        out.write(array, at(index), length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.capacity());
        if (src.hasArray()) {
            System.arraycopy(src.array(), src.arrayOffset() + srcIndex, array, at(index), length);
        } else {
            src.getBytes(srcIndex, array, at(index), length);
        }
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, byte[] src, int srcIndex, int length) {
        checkSrcIndex(index, length, srcIndex, src.length);
        System.arraycopy(src, srcIndex, array, at(index), length);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer src) {
        int length = src.remaining();
        checkIndex(index, length);
        src.get(array, at(index), length);
        return this;
    }

    @Override
    public int setBytes(int index, InputStream in, int length) throws IOException {
        checkIndex(index, length);
        return in.read(array, at(index), length);
    }

    private int at(int index) {
        return (int) start() + index;
    }

    private static VarHandle view(Class<?> arrayType, ByteOrder order) {
        return MethodHandles.byteArrayViewVarHandle(arrayType, order).withInvokeExactBehavior();
    }
}
