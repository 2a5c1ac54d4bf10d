package io.leasehold.memory;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OffHeapTest {

    private static final long BYTES = 4096;
    private static final long PATTERN = 0x8182_8384_8586_8788L;

    private ScratchMemory memory;
    private long at;

    @BeforeEach
    void takeMemory() {
        memory = ScratchMemory.of(BYTES);
        at = memory.address() + 64;
    }

    @AfterEach
    void giveMemoryBack() {
        memory.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void everyWidthIsReadAsWrittenAtAnyOffset(int offset) {
        long address = at + offset;
        OffHeap.putByte(address, (byte) PATTERN);
        assertThat(OffHeap.getByte(address)).isEqualTo((byte) PATTERN);
        OffHeap.putShort(address, (short) PATTERN);
        assertThat(OffHeap.getShort(address)).isEqualTo((short) PATTERN);
        OffHeap.putInt(address, (int) PATTERN);
        assertThat(OffHeap.getInt(address)).isEqualTo((int) PATTERN);
        OffHeap.putLong(address, PATTERN);
        assertThat(OffHeap.getLong(address)).isEqualTo(PATTERN);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "4", "8"})
    void storeTouchesItsOwnBytesOnlyAndInNativeOrder(int width) {
        byte[] expected = new byte[24];
        ByteBuffer expectedView = ByteBuffer.wrap(expected).order(ByteOrder.nativeOrder());
        long address = at + 8;
        switch (width) {
            case 1 ->
                OffHeap.putByte(address, expectedView.put(8, (byte) PATTERN).get(8));
            case 2 ->
                OffHeap.putShort(
                        address, expectedView.putShort(8, (short) PATTERN).getShort(8));
            case 4 ->
                OffHeap.putInt(address, expectedView.putInt(8, (int) PATTERN).getInt(8));
            default -> OffHeap.putLong(address, expectedView.putLong(8, PATTERN).getLong(8));
        }
        assertThat(bytes(at, 24)).isEqualTo(expected);
    }

    @Test
    void extremeValuesKeepTheirSign() {
        OffHeap.putByte(at, Byte.MIN_VALUE);
        assertThat(OffHeap.getByte(at)).isEqualTo(Byte.MIN_VALUE);
        OffHeap.putShort(at, Short.MIN_VALUE);
        assertThat(OffHeap.getShort(at)).isEqualTo(Short.MIN_VALUE);
        OffHeap.putInt(at, Integer.MIN_VALUE);
        assertThat(OffHeap.getInt(at)).isEqualTo(Integer.MIN_VALUE);
        OffHeap.putLong(at, Long.MIN_VALUE);
        assertThat(OffHeap.getLong(at)).isEqualTo(Long.MIN_VALUE);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 17", "3, 64", "5, 1000"})
    void fillSetsItsRangeAndNoByteBeside(int offset, int byteSize) {
        OffHeap.fill(at + offset, byteSize, (byte) 0xA5);
        assertThat(holds(at + offset, byteSize, 0xA5)).isTrue();
        assertThat(OffHeap.getByte(at + offset - 1)).isZero();
        assertThat(OffHeap.getByte(at + offset + byteSize)).isZero();
    }

    @Test
    void fillAndCopyOfNothingDoNothing() {
        OffHeap.fill(at, 0, (byte) 1);
        OffHeap.copy(at + 8, at, 0);
        assertThat(holds(memory.address(), BYTES, 0)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0", "0, 7", "7, 0", "0, 100", "100, 0", "0, 500", "500, 0", "0, 501", "3, 3"})
    void copyMovesAllBytesEvenIfTheRangesOverlap(int from, int to) {
        int byteSize = 500;
        byte[] expected = new byte[2 * byteSize + 8];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) (i * 7 + i / 256);
            OffHeap.putByte(at + i, expected[i]);
        }
        System.arraycopy(expected, from, expected, to, byteSize);
        OffHeap.copy(at + from, at + to, byteSize);
        assertThat(bytes(at, expected.length)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "0, 0, 1", "1, 3, 9", "7, 0, 200"})
    void arraysAreCopiedInAndOutAndNoByteBeside(int offset, int index, int length) {
        byte[] from = new byte[index + length + 5];
        for (int i = 0; i < from.length; i++) {
            from[i] = (byte) (i + 1);
        }
        OffHeap.copyFromArray(from, index, at + offset, length);
        assertThat(OffHeap.getByte(at + offset - 1)).isZero();
        assertThat(OffHeap.getByte(at + offset + length)).isZero();
        byte[] to = new byte[from.length];
        OffHeap.copyToArray(at + offset, to, index, length);
        byte[] expected = new byte[from.length];
        System.arraycopy(from, index, expected, index, length);
        assertThat(to).isEqualTo(expected);
    }

    @Test
    void copiesBeyondAnArrayAreRefused() {
        byte[] array = new byte[8];
        assertThatThrownBy(() -> OffHeap.copyToArray(at, array, 1, 8)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> OffHeap.copyFromArray(array, -1, at, 8)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void ourMemoryIsReachedAndMemoryBelowTheFirstByteIsNot() {
        assertThat(OffHeap.reaches(at, BYTES)).isTrue();
        assertThat(OffHeap.reaches(-1, 1)).isFalse();
        // the first page is never mapped
        assertThat(OffHeap.reaches(16, 16)).isEqualTo(AddressSpace.isNative());
    }

    @Test
    void segmentIsAViewOfTheSameBytes() {
        MemorySegment view = OffHeap.segment(at, 16);
        assertThat(view.byteSize()).isEqualTo(16);
        assertThat(view.address()).isEqualTo(at);
        view.set(ValueLayout.JAVA_BYTE, 15, (byte) 9);
        assertThat(OffHeap.getByte(at + 15)).isEqualTo((byte) 9);
        OffHeap.putByte(at, (byte) 7);
        assertThat(view.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
    }

    @Test
    void segmentIsBounded() {
        MemorySegment view = OffHeap.segment(at, 16);
        assertThatThrownBy(() -> view.set(ValueLayout.JAVA_BYTE, 16, (byte) 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(OffHeap.getByte(at + 16)).isZero();
    }

    private static byte[] bytes(long address, int count) {
        return OffHeap.segment(address, count).toArray(ValueLayout.JAVA_BYTE);
    }
}
