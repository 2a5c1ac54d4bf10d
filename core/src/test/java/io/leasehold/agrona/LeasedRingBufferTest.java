package io.leasehold.agrona;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.leasehold.lease.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.Test;

/// Agrona's ring buffers live in a lease: each thread's messages arrive whole, in order, and once.
class LeasedRingBufferTest {

    private static final int RING_BYTES = 16 << 10;
    private static final int MESSAGES = 20_000;
    private static final int MAX_WORDS = 24;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void oneProducer() {
        assertTimeoutPreemptively(LIMIT, () -> run(1));
    }

    @Test
    void threeProducers() {
        assertTimeoutPreemptively(LIMIT, () -> run(3));
    }

    private static void run(int producers) throws Exception {
        try (LeasedPages pages = LeasedPages.directMap();
                Lease lease = pages.pool().acquire(pages.wiredRun(RING_BYTES / LeasedPages.PAGE_BYTES + 1));
                ExecutorService threads = Executors.newFixedThreadPool(producers)) {
            UnsafeBuffer view = LeaseBuffers.wrap(lease);
            view.setMemory(0, view.capacity(), (byte) 0);
            UnsafeBuffer memory = new UnsafeBuffer(view, 0, RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH);
            RingBuffer ring = producers == 1 ? new OneToOneRingBuffer(memory) : new ManyToOneRingBuffer(memory);
            List<Future<?>> done = new ArrayList<>();
            for (int producer = 1; producer <= producers; producer++) {
                int type = producer;
                done.add(threads.submit(() -> produce(ring, type)));
            }
            consume(ring, producers);
            for (Future<?> future : done) {
                future.get(LIMIT.toSeconds(), SECONDS);
            }
            assertThat(ring.size()).isZero();
            LeaseBuffers.unwrap(view);
        }
    }

    private static void produce(RingBuffer ring, int type) {
        UnsafeBuffer message = new UnsafeBuffer(new byte[MAX_WORDS * Long.BYTES]);
        for (int i = 0; i < MESSAGES; i++) {
            int words = words(i);
            for (int word = 0; word < words; word++) {
                message.putLong(word * Long.BYTES, content(type, i, word));
            }
            while (!ring.write(type, message, 0, words * Long.BYTES)) {
                Thread.onSpinWait();
            }
        }
    }

    private static void consume(RingBuffer ring, int producers) {
        int[] next = new int[producers + 1];
        int open = producers * MESSAGES;
        while (open > 0) {
            int read = ring.read((type, buffer, index, length) -> {
                int i = next[type]++;
                assertThat(length).isEqualTo(words(i) * Long.BYTES);
                for (int word = 0; word < length / Long.BYTES; word++) {
                    if (buffer.getLong(index + word * Long.BYTES) != content(type, i, word)) {
                        throw new AssertionError("content: type=" + type + ", message=" + i + ", word=" + word);
                    }
                }
            });
            open -= read;
            if (read == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private static int words(int message) {
        return 1 + message % MAX_WORDS;
    }

    private static long content(int type, int message, int word) {
        return ((long) type << 56 | (long) message << 8 | word) * 0x9E37_79B9_7F4A_7C15L;
    }
}
