package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Threads allocate, grow, touch and release buffers of each other while reports are made. In the end the tags and the
/// samples are exactly those of the buffers that are left.
final class ProfileConcurrentTest {

    private static final int THREADS = 4;
    private static final int STEPS = 8_000;

    private final long sampleBytes = Profile.sampleBytes();

    @AfterEach
    void restore() {
        Profile.sampleBytes(sampleBytes);
    }

    @Test
    void reportsAndCountsAgreeInTheEnd() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Profile.sampleBytes(8 << 10);
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("crowd")
                .byteLimit(64 << 20)
                .build();
        ConcurrentLinkedQueue<ByteBuf> live = new ConcurrentLinkedQueue<>();
        AtomicBoolean isDone = new AtomicBoolean();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<?> reports = threads.submit(() -> {
                while (!isDone.get()) {
                    Profile.of("crowd").toTable(3);
                    Holders.exact();
                }
            });
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                Random random = new Random(seed + i);
                workers.add(threads.submit(() -> work(allocator, live, random)));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
            isDone.set(true);
            reports.get();
        }
        assertThat(tagged()).isEqualTo(live.size());
        assertThat(Profile.of("crowd").leaks()).isEmpty();
        live.forEach(ByteBuf::release);
        assertThat(tagged()).isZero();
        assertThat(Profile.of("crowd").holders()).isEmpty();
        allocator.close();
    }

    private static void work(LeasedByteBufAllocator allocator, ConcurrentLinkedQueue<ByteBuf> live, Random random) {
        for (int i = 0; i < STEPS; i++) {
            ByteBuf mine = live.poll();
            if (mine == null || (random.nextInt(100) < 51 && live.size() < 1_000)) {
                try (Holder holder = Holder.tag("crowd " + random.nextInt(3))) {
                    live.add(allocator.directBuffer(16 << random.nextInt(11)).touch(holder));
                }
            } else if (random.nextInt(4) == 0) {
                mine.capacity(Math.min(mine.capacity() * 2, 32 << 10));
            } else {
                mine.release();
                continue;
            }
            if (mine != null) {
                live.add(mine.touch("back"));
            }
        }
    }

    private static long tagged() {
        return Holders.exact().stream()
                .filter(h -> h.kind().equals("allocator") && h.tag().startsWith("crowd "))
                .mapToLong(Holding::blocks)
                .sum();
    }
}
