package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Random operations on an allocator, and the expected content of its buffers: each has a pattern that its seed
/// determines.
///
/// **Threads.** Confined to one thread. A second thread, which buffers are handed to, does one thing at a time for it,
/// so that a walk can be repeated.
final class AllocatorRandomWalk implements AutoCloseable {

    private static final int MAX_LIVE = 400;
    private static final int MAX_BYTES = 1 << 20;

    /// Median 2 KiB, one in a hundred above 20 KiB, like the sizes of an API gateway.
    private static final double LOG_MEDIAN = Math.log(2048);

    private static final double LOG_DEVIATION = 1;

    private final LeasedByteBufAllocator allocator;
    private final SplittableRandom random;
    private final List<Held> live = new ArrayList<>();
    private final TreeMap<Long, Long> ranges = new TreeMap<>(); // of direct buffers, start to end
    private final ExecutorService second = Executors.newSingleThreadExecutor();
    private String operation = "nothing";

    /// A buffer, its number of references, and its expected content.
    private static final class Held {
        private final ByteBuf buf;
        private int references = 1;
        private int pattern;
        private int length; // of the pattern, from the buffer's first byte on
        private long start; // of its range, 0 for a heap buffer

        Held(ByteBuf buf) {
            this.buf = buf;
        }
    }

    AllocatorRandomWalk(LeasedByteBufAllocator allocator, SplittableRandom random) {
        this.allocator = allocator;
        this.random = random;
    }

    /// {@return the last step, for the message of its failure}
    String operation() {
        return operation;
    }

    void step() throws Exception {
        int choice = random.nextInt(100);
        if (live.isEmpty() || (choice < 38 && live.size() < MAX_LIVE)) {
            allocate();
            return;
        }
        Held held = live.get(random.nextInt(live.size()));
        if (choice < 76) {
            release(held, false);
        } else if (choice < 80) {
            write(held);
        } else if (choice < 86) {
            slice(held);
        } else if (choice < 90) {
            retain(held);
        } else if (choice < 96) {
            resize(held);
        } else {
            release(held, true);
        }
    }

    /// Releases everything. Every byte is checked once more.
    void finish() throws Exception {
        while (!live.isEmpty()) {
            release(live.getLast(), false);
        }
        assertThat(ranges).isEmpty();
        assertThat(allocator.metric().pinnedBuffers()).isZero();
    }

    @Override
    public void close() {
        second.shutdownNow();
    }

    private void allocate() {
        int capacity = byteSize();
        boolean isDirect = random.nextInt(4) != 0;
        operation = "allocate " + (isDirect ? "direct " : "heap ") + capacity;
        ByteBuf buf = isDirect ? allocator.directBuffer(capacity) : allocator.heapBuffer(capacity);
        assertThat(buf.capacity()).isEqualTo(capacity);
        assertThat(buf.refCnt()).isEqualTo(1);
        assertThat(buf.isReadable()).isFalse();
        Held held = new Held(buf);
        claim(held);
        live.add(held);
        write(held);
    }

    private void write(Held held) {
        operation = "write " + held.buf;
        held.pattern = random.nextInt();
        held.length = held.buf.capacity();
        byte[] bytes = pattern(held.pattern, held.length);
        switch (random.nextInt(4)) {
            case 0 -> held.buf.clear().writeBytes(bytes);
            case 1 -> held.buf.setBytes(0, ByteBuffer.wrap(bytes));
            case 2 -> {
                int at = 0;
                for (; at + 8 <= bytes.length; at += 8) {
                    held.buf.setLong(at, ByteBuffer.wrap(bytes).getLong(at));
                }
                held.buf.setBytes(at, bytes, at, bytes.length - at);
            }
            default -> {
                ByteBuf source = allocator.directBuffer(bytes.length).writeBytes(bytes);
                held.buf.setBytes(0, source);
                source.release();
            }
        }
    }

    private void slice(Held held) {
        operation = "slice " + held.buf;
        int from = random.nextInt(held.length + 1);
        int length = random.nextInt(held.length - from + 1);
        ByteBuf slice = held.buf.retainedSlice(from, length);
        assertThat(slice.capacity()).isEqualTo(length);
        byte[] bytes = new byte[length];
        slice.getBytes(0, bytes);
        byte[] expected = pattern(held.pattern, held.length);
        assertThat(Arrays.equals(bytes, 0, length, expected, from, from + length))
                .isTrue();
        assertThat(slice.release()).isFalse();
    }

    private void retain(Held held) {
        operation = "retain " + held.buf;
        held.buf.retain();
        held.references++;
    }

    private void resize(Held held) {
        int capacity = byteSize();
        operation = "resize to " + capacity + " " + held.buf;
        ranges.remove(held.start);
        held.buf.capacity(capacity);
        assertThat(held.buf.capacity()).isEqualTo(capacity);
        claim(held);
        held.length = Math.min(held.length, capacity);
        check(held);
        write(held);
    }

    private void release(Held held, boolean elsewhere) throws Exception {
        operation = (elsewhere ? "hand over " : "release ") + held.buf;
        held.references--;
        boolean isLast = held.references == 0;
        if (isLast) {
            ranges.remove(held.start);
            live.set(live.indexOf(held), live.getLast());
            live.removeLast();
        }
        Callable<Boolean> task = () -> {
            check(held);
            return held.buf.release();
        };
        assertThat(elsewhere ? inSecondThread(task) : task.call()).isEqualTo(isLast);
    }

    private Boolean inSecondThread(Callable<Boolean> task) throws InterruptedException, ExecutionException {
        return second.submit(task).get();
    }

    private void claim(Held held) {
        if (!held.buf.isDirect() || held.buf.capacity() == 0) {
            return;
        }
        held.start = held.buf.memoryAddress();
        long end = held.start + held.buf.capacity();
        Map.Entry<Long, Long> below = ranges.lowerEntry(end);
        if (below != null && below.getValue() > held.start) {
            throw new AssertionError("two buffers overlap: 0x%x..0x%x and 0x%x..0x%x"
                    .formatted(held.start, end, below.getKey(), below.getValue()));
        }
        ranges.put(held.start, end);
    }

    private static void check(Held held) {
        byte[] bytes = new byte[held.length];
        held.buf.getBytes(0, bytes);
        int wrong = Arrays.mismatch(bytes, pattern(held.pattern, held.length));
        if (wrong >= 0) {
            throw new AssertionError("byte " + wrong + " of " + held.buf + " is " + bytes[wrong]);
        }
    }

    private int byteSize() {
        return (int) Math.min(MAX_BYTES, Math.exp(LOG_MEDIAN + LOG_DEVIATION * random.nextGaussian()));
    }

    private static byte[] pattern(int pattern, int length) {
        byte[] bytes = new byte[length];
        int word = pattern;
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (word >>> 24);
            word += 0x9e3779b9;
        }
        return bytes;
    }
}
