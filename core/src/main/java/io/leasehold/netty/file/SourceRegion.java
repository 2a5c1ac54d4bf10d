package io.leasehold.netty.file;

import io.netty.channel.DefaultFileRegion;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A range of a source for sendfile(2), with a channel of its own.
///
/// An interrupt of the sending thread closes the channel of the region. The region then opens another channel and
/// continues, and the thread stays interrupted. Native transports send without Java's channel code, so there an
/// interrupt does not close the channel.
///
/// **Ownership, threads.** As for every region: each holder of a reference releases it, once and on any thread. The
/// region holds its source.
final class SourceRegion extends DefaultFileRegion {

    private final FileSource source; // (C)
    private final AtomicBoolean holds = new AtomicBoolean(true); // (A)
    private final FileChannel first; // (C) native transports send from this channel
    private @Nullable FileChannel reopened; // (O)
    private long sentReopened; // (O) bytes sent from `reopened`; the superclass counts those from `first`

    /// @param source source with one hold, which this region takes over
    /// @param channel channel that only this region uses, until the region gives it back
    SourceRegion(FileSource source, FileChannel channel, long byteOffset, long byteSize) {
        super(channel, byteOffset, byteSize);
        this.source = source;
        this.first = channel;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return reopened == null ? super.transferTo(target, position) : send(reopened, target, position);
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    FileChannel channel = reopened == null ? first : reopened;
                    if (channel.isOpen() || refCnt() == 0) {
                        throw e; // the target is closed
                    }
                    reopened = source.reopen();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long send(FileChannel from, WritableByteChannel target, long position) throws IOException {
        long left = count() - position;
        if (left <= 0) {
            return 0;
        }
        long sent = from.transferTo(position() + position, left, target);
        if (sent == 0 && from.size() < position() + count()) {
            throw new EOFException("file has ended before its range: file=" + source.path() + ", end=" + from.size());
        }
        sentReopened += sent;
        return sent;
    }

    @Override
    public long transferred() {
        return super.transferred() + sentReopened;
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
            source.dropHold();
        }
    }

    @Override
    protected void deallocate() {
        FileChannel last = reopened;
        if (last != null) {
            source.giveBack(last);
        }
        source.giveBack(first);
        abandon();
    }
}
