package io.leasehold.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
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
///   read()  while stopped: kept, and asked once when the channel resumes
/// ```
///
/// **Threads.** Confined to the event loop of the channel, except what is marked (A).
final class ThrottledChannel extends ChannelDuplexHandler {

    /// Interval at which a stopped channel looks whether the pressure has ended, of which no event tells.
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final BudgetThrottle throttle; // (C)
    private final LeasedByteBufAllocator allocator; // (C)
    private final AtomicLong held = new AtomicLong(); // (A) below 0 for a moment if a release overtakes its count
    private final AtomicBoolean isAsked = new AtomicBoolean(); // (A) true while a check is queued
    private volatile boolean stopped; // (A) written by the event loop
    private volatile @Nullable ChannelHandlerContext context; // (A) written once by the event loop
    private boolean isReadWanted; // (O) true if a request to read was kept
    private boolean isScheduled; // (O) true while a later check is scheduled

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
            stopped = true;
            throttle.noteStop();
            ReadStops.of(of.channel()).add();
            checkLater(of);
        }
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
        ChannelPromise watched = promise.unvoid();
        watched.addListener(done -> change(-bytes));
        change(bytes);
        of.write(message, watched);
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
        } catch (OutOfMemoryError e) {
            return buf; // the Java heap is full: better not counted than lost
        }
        wrapper.setIndex(buf.readerIndex(), buf.writerIndex());
        change(bytes);
        return wrapper;
    }

    /// Called by the thread of the last release.
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
            try {
                at.executor().execute(() -> {
                    isAsked.set(false);
                    check(at);
                });
            } catch (RejectedExecutionException e) {
                isAsked.set(false); // the event loop is gone, and the channel with it
            }
        }
    }

    private void check(ChannelHandlerContext of) {
        if (stopped && throttle.mayResume(held.get())) {
            resume(of);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // no caller waits for the check
    private void checkLater(ChannelHandlerContext of) {
        if (isScheduled) {
            return;
        }
        isScheduled = true;
        of.executor().schedule(() -> checkNow(of), INTERVAL_NANOS, TimeUnit.NANOSECONDS);
    }

    private void checkNow(ChannelHandlerContext of) {
        isScheduled = false;
        check(of);
        if (stopped) {
            checkLater(of);
        }
    }

    private void resume(ChannelHandlerContext of) {
        stopped = false;
        ReadStops.of(of.channel()).remove();
        if (isReadWanted) {
            isReadWanted = false;
            of.read(); // from here towards the socket: the handlers behind have asked already
        }
    }
}
