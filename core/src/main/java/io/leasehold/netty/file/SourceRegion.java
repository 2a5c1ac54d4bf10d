package io.leasehold.netty.file;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.DefaultFileRegion;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A range of a source for sendfile(2), with a channel of its own.
///
/// **Interrupts.** An interrupt during [FileChannel#transferTo] closes the channel of the region and the socket. That
/// cuts off the client that is served at that moment, and no other. So a thread that was interrupted once sends copies
/// from then on: a write to a socket in non-blocking mode is not interruptible. Native transports send without Java's
/// channel code, so there an interrupt has no effect. The thread stays interrupted.
///
/// **Ownership, threads.** As for every region: each holder of a reference releases it, once and on any thread. The
/// region holds its source. A release on a stack that is too short is made later, by the next use of a source: Netty
/// counts a release before it calls the region, and many of its handlers ignore what a release throws.
final class SourceRegion extends DefaultFileRegion implements LateFrees.Late {

    /// Layers that check the stack in a release: this one, and those of a file that is closed.
    private static final int LAYERS = 1 + HeldFile.LAYERS;

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    /// Set for a thread that was interrupted while it sent a region.
    private static final FastThreadLocal<Boolean> SENDS_COPIES = new FastThreadLocal<>();

    private final FileSource source; // (C)
    private final AtomicBoolean holds = new AtomicBoolean(true); // (A)
    private final FileChannel first; // (C) native transports send from this channel
    private volatile @Nullable Channel corked; // (A) the channel to uncork when the region was sent, or null
    private long copiedBytes; // (O) bytes sent as copies; the superclass counts the others
    private int lateReleases; // (L) HeldFile.LATE
    private boolean isLate; // (L) HeldFile.LATE
    private LateFrees.@Nullable Late next; // (L) HeldFile.LATE

    /// @param source source with one hold, which this region takes over
    /// @param channel channel that only this region uses, until the region gives it back
    SourceRegion(FileSource source, FileChannel channel, long byteOffset, long byteSize) {
        super(channel, byteOffset, byteSize);
        this.source = source;
        this.first = channel;
    }

    /// Makes the head that is written before this region leave with it, where the transport can do that.
    void cork(Channel channel) {
        corked = Cork.put(channel);
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            boolean copies = interrupted || SENDS_COPIES.getIfExists() != null || !first.isOpen();
            return copies ? sendCopy(target, position) : super.transferTo(target, position);
        } finally {
            if (interrupted || Thread.currentThread().isInterrupted()) {
                SENDS_COPIES.set(true);
                Thread.currentThread().interrupt();
            }
        }
    }

    private long sendCopy(WritableByteChannel target, long position) throws IOException {
        long left = count() - position;
        if (left <= 0) {
            return 0;
        }
        ByteBuf copy = source.copy(position() + position, left);
        try {
            int sent = target.write(copy.nioBuffer());
            copiedBytes += sent;
            return sent;
        } finally {
            copy.release();
        }
    }

    @Override
    public long transferred() {
        return super.transferred() + copiedBytes;
    }

    /// @deprecated as in the superclass
    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester") // Netty's name, which its transports call
    public long transfered() {
        return transferred();
    }

    /// Drops the hold on the source before the last release, which a handler that threw may never make.
    void abandon() {
        if (holds.getAndSet(false)) {
            try {
                Channel channel = corked;
                if (channel != null) {
                    Cork.remove(channel);
                }
            } finally {
                source.dropHold();
            }
        }
    }

    /// @return true if the region was released by this call; false if references are left, or if the stack is too short
    @Override
    public boolean release() {
        return release(1);
    }

    @Override
    public boolean release(int decrement) {
        boolean isLong = false;
        try {
            StackReserve.ensure(LAYERS);
            isLong = true;
            return super.release(decrement);
        } catch (StackOverflowError e) {
            if (isLong) {
                throw e;
            }
            synchronized (HeldFile.LATE) { // the stack has no space for another call
                lateReleases += decrement;
                if (!isLate) {
                    isLate = true;
                    next = HeldFile.LATE.first;
                    HeldFile.LATE.first = this;
                }
            }
            return false;
        }
    }

    @Override
    public LateFrees.@Nullable Late takeNext() {
        LateFrees.Late taken = next;
        next = null;
        return taken;
    }

    @Override
    public void freeLate() {
        int count;
        synchronized (HeldFile.LATE) {
            count = lateReleases;
            lateReleases = 0;
            isLate = false;
        }
        try {
            boolean _ = super.release(count);
        } catch (IllegalArgumentException | IllegalReferenceCountException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    format("region was released too often: source=%s, decrement=%d", source, count),
                    e);
        }
    }

    @Override
    protected void deallocate() {
        try {
            source.giveBack(first);
        } finally {
            abandon();
        }
    }
}
