package interop;

import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/// What a program needs to load a server: the allocator, the contents, and the counts of what came out wrong.
///
/// Request `i` carries the bytes of [#request(int)], and its reply those of [#reply(int)]. The program gives both to
/// [#served(int, byte[])] and [#load]. So a buffer that is reused too early is noticed on either side.
public final class Trial {

    private static final int[] LENGTHS = {1, 40, 700, 4_000, 16_384, 70_000, 200_000};
    private static final int REPLY = 1 << 30;
    private static final int MAX_MESSAGES = 5;
    private static final long LIMIT_SECONDS = 120;

    private final ByteBufAllocator allocator;
    private final int requests;
    private final LongSupplier heldBytes;
    private final LongSupplier pinnedBytes;
    private final LongAdder served = new LongAdder();
    private final LongAdder frames = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final LongAccumulator peakHeldBytes = new LongAccumulator(Math::max, 0);
    private final LongAccumulator peakPinnedBytes = new LongAccumulator(Math::max, 0);

    /// @param heldBytes counts the bytes that are held for buffers
    /// @param pinnedBytes counts the bytes of outstanding buffers
    Trial(ByteBufAllocator allocator, int requests, LongSupplier heldBytes, LongSupplier pinnedBytes) {
        this.allocator = allocator;
        this.requests = requests;
        this.heldBytes = heldBytes;
        this.pinnedBytes = pinnedBytes;
    }

    /// {@return true if the program must hand our allocator to the server; else it must not touch allocators}
    public boolean isByOption() {
        return allocator != null;
    }

    /// {@return our allocator}
    public ByteBufAllocator allocator() {
        if (allocator == null) {
            throw new IllegalStateException("there is an allocator by option only");
        }
        return allocator;
    }

    /// {@return the number of requests that a program is to make; one with several protocols divides it}
    public int requests() {
        return requests;
    }

    /// {@return the bytes of a request}
    public byte[] request(int i) {
        return bytes(i);
    }

    /// {@return the bytes of the reply to a request}
    public byte[] reply(int i) {
        return bytes(i ^ REPLY);
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[LENGTHS[Math.floorMod(seed * 31 + (seed >>> 28), LENGTHS.length)]];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /// Checks a request on the side of the server.
    ///
    /// @return the reply to send
    public byte[] served(int i, byte[] got) {
        served.increment();
        if (peakPinnedBytes.get() == 0) {
            sample();
        }
        if (!Arrays.equals(got, request(i))) {
            wrong("request " + i + " has other bytes: length=" + got.length + ", expected=" + request(i).length);
        }
        return reply(i);
    }

    /// Checks a request that came as a frame of a websocket, on the side of the server.
    ///
    /// @return the reply to send
    public byte[] servedFrame(int i, byte[] got) {
        frames.increment();
        return served(i, got);
    }

    /// Makes requests and checks the replies.
    ///
    /// @param first number of the first request; the numbers of one program do not overlap
    /// @param count number of requests
    /// @param inFlight greatest number of requests that wait for their replies
    public void load(int first, int count, int inFlight, IntFunction<CompletionStage<byte[]>> call)
            throws InterruptedException {
        Semaphore permits = new Semaphore(inFlight);
        for (int i = first; i < first + count; i++) {
            if (!permits.tryAcquire(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no reply in time: request=" + i + ", served=" + served.sum());
            }
            int number = i;
            call.apply(i).whenComplete((got, failure) -> {
                permits.release();
                if (failure != null) {
                    wrong("request " + number + " failed: " + failure);
                } else if (!Arrays.equals(got, reply(number))) {
                    wrong("reply " + number + " has other bytes: length=" + got.length + ", expected="
                            + reply(number).length);
                }
            });
            if (i % 16 == 0) {
                sample();
            }
        }
        if (!permits.tryAcquire(inFlight, LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no reply in time: served=" + served.sum());
        }
    }

    private void sample() {
        peakHeldBytes.accumulate(heldBytes.getAsLong());
        peakPinnedBytes.accumulate(pinnedBytes.getAsLong());
    }

    /// Counts and reports what went wrong.
    public void wrong(String what) {
        wrong.increment();
        if (wrong.sum() <= MAX_MESSAGES) {
            System.out.println(what);
        }
    }

    long served() {
        return served.sum();
    }

    /// {@return the number of requests that were frames of a websocket}
    long frames() {
        return frames.sum();
    }

    long wrong() {
        return wrong.sum();
    }

    long peakHeldBytes() {
        return peakHeldBytes.get();
    }

    long peakPinnedBytes() {
        return peakPinnedBytes.get();
    }
}
