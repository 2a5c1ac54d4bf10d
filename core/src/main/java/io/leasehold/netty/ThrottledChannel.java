package io.leasehold.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The handler of one channel of a [BudgetThrottle]: counts what the channel holds, stops it and starts it.
///
/// ```text
///   read ----> wrap the buffer, held + capacity ----> handlers ----> the last release, any thread: held - capacity
///   write ---> held + readable bytes ---> socket ---> the promise completes: held - readable bytes
///   read()  while stopped: kept, and passed on once when the channel resumes
/// ```
///
/// **Threads.** Confined to the event loop of the channel, except what is marked (A).
final class ThrottledChannel extends ChannelDuplexHandler {

    /// Interval at which a stopped channel checks whether the pressure has ended. No event tells the channel.
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final BudgetThrottle throttle; // (C)
    private final LeasedByteBufAllocator allocator; // (C)
    private final AtomicLong held = new AtomicLong(); // (A) below 0 for a moment if a release overtakes its count
    private final AtomicBoolean isAsked = new AtomicBoolean(); // (A) true while a check is queued
    private volatile boolean stopped; // (A) written by the event loop
    private volatile @Nullable ChannelHandlerContext context; // (A) written once by the event loop
    private boolean isReadWanted; // (O) true if a request to read was kept
    private @Nullable ScheduledFuture<?> checks; // (O) null unless the checks of a stopped channel are scheduled

    ThrottledChannel(BudgetThrottle throttle, LeasedByteBufAllocator allocator) {
        this.throttle = throttle;
        this.allocator = allocator;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        if (!added.channel().eventLoop().equals(added.executor())) {
            throw new IllegalStateException("a throttle runs on the event loop of its channel: channel="
                    + added.channel() + ", executor=" + added.executor());
        }
        context = added;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        if (stopped) {
            resume(removed);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext of, Object message) {
        of.fireChannelRead(message instanceof ByteBuf buf ? counted(buf) : message);
        if (!stopped && throttle.mustStop(held.get()) && !of.isRemoved()) {
            stop(of);
        }
    }

    /// Stops the channel. The checks are scheduled first: if that fails, the channel goes on reading, and its next read
    /// stops it. One task repeats itself, so that no later check has to be scheduled while there is no memory.
    private void stop(ChannelHandlerContext of) {
        ReadStops stops = ReadStops.of(of.channel());
        if (checks == null) {
            checks = of.executor()
                    .scheduleWithFixedDelay(() -> check(of), INTERVAL_NANOS, INTERVAL_NANOS, TimeUnit.NANOSECONDS);
        }
        throttle.noteStop();
        stopped = true;
        stops.add();
    }

    @Override
    public void read(ChannelHandlerContext of) {
        if (stopped) {
            isReadWanted = true;
        } else {
            of.read();
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the caller has the promise
    public void write(ChannelHandlerContext of, Object message, ChannelPromise promise) {
        int bytes = readableBytes(message);
        if (bytes == 0) {
            of.write(message, promise);
            return;
        }
        change(bytes);
        of.write(message, watched(promise, bytes));
    }

    /// {@return a promise at whose end the bytes no longer count}
    private ChannelPromise watched(ChannelPromise promise, int bytes) {
        ChannelPromise watched = promise;
        try {
            watched = promise.unvoid();
            return watched.addListener(done -> change(-bytes));
        } catch (OutOfMemoryError e) {
            change(-bytes); // the Java heap is full: better not counted than not written and lost
            return watched;
        }
    }

    private static int readableBytes(Object message) {
        if (message instanceof ByteBuf buf) {
            return buf.readableBytes();
        }
        return message instanceof ByteBufHolder holder ? holder.content().readableBytes() : 0;
    }

    /// {@return a buffer over the same memory whose last release is counted, or the buffer itself if it does not count}
    private ByteBuf counted(ByteBuf buf) {
        int bytes = buf.capacity();
        if (bytes == 0
                || buf.isReadOnly()
                || !buf.hasMemoryAddress()
                || !buf.alloc().equals(allocator)) {
            return buf;
        }
        ByteBuf wrapper;
        try {
            wrapper = ExternalMemory.of(allocator, handle -> released(buf, bytes), buf.memoryAddress(), bytes)
                    .wrap(0, bytes, Math.max(bytes, buf.maxCapacity()));
        } catch (OutOfMemoryError | IllegalStateException e) {
            return buf; // the Java heap is full, or the allocator is closed: better not counted than lost
        }
        wrapper.setIndex(buf.readerIndex(), buf.writerIndex());
        change(bytes);
        return wrapper;
    }

    /// Releases a buffer that was read, and subtracts its bytes. Called by the thread of the last release.
    private void released(ByteBuf buf, int bytes) {
        try {
            buf.release();
        } finally {
            change(-bytes);
        }
    }

    /// Changes what the channel holds. Called by any thread.
    private void change(long bytes) {
        throttle.changed(held.getAndAdd(bytes), bytes);
        ChannelHandlerContext at = context;
        if (bytes < 0
                && stopped
                && at != null
                && throttle.mayResume(held.get())
                && isAsked.compareAndSet(false, true)) {
            boolean isQueued = false;
            try {
                at.executor().execute(() -> {
                    isAsked.set(false);
                    check(at);
                });
                isQueued = true;
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // the event loop is gone, and the channel with it; or the next scheduled check finds out
            } finally {
                if (!isQueued) {
                    isAsked.set(false);
                }
            }
        }
    }

    /// Resumes a stopped channel that may read again. A task of the event loop: every [#INTERVAL_NANOS], and after a
    /// release.
    private void check(ChannelHandlerContext of) {
        try {
            if (stopped && (of.isRemoved() || throttle.mayResume(held.get()))) {
                resume(of);
            }
        } catch (Throwable e) {
            // an exception would end the checks; the channel is still stopped, and the next check tries again
        }
        if (!stopped) {
            endChecks(); // a stop that failed has left them
        }
    }

    private void resume(ChannelHandlerContext of) {
        ReadStops.of(of.channel()).remove(); // first: if it fails, the channel is still stopped, and is checked again
        stopped = false;
        endChecks();
        if (isReadWanted) {
            isReadWanted = false;
            of.read(); // from here towards the socket: the handlers behind have asked already
        }
    }

    private void endChecks() {
        ScheduledFuture<?> ended = checks;
        if (ended != null) {
            checks = null;
            ended.cancel(false);
        }
    }
}
