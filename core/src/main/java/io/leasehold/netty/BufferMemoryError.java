package io.leasehold.netty;

import java.util.Locale;

/// There is no memory for a buffer within the limit; the message says what holds it.
///
/// It is an [OutOfMemoryError] because that is what Netty closes a channel for; after any other error a channel that
/// cannot get a buffer would try again at once, and for ever. Nothing is lost with it: the allocator goes on, and so
/// does every buffer that is lent.
///
/// **Cost.** The message is put together when it is asked for, since most of these errors are never read.
public final class BufferMemoryError extends OutOfMemoryError {

    private static final long serialVersionUID = 2;

    /// True if the buffer was to be direct.
    private final boolean isDirect; // (C)

    /// Capacity of the buffer.
    private final int requestedBytes; // (C)

    /// The limit in bytes.
    private final long limitBytes; // (C)

    /// What holds the memory.
    private final String holders; // (C)

    /// @param isDirect whether the buffer was to be direct or on the Java heap
    /// @param requestedBytes capacity of the buffer
    /// @param limitBytes the limit
    /// @param holders what holds the memory
    BufferMemoryError(boolean isDirect, int requestedBytes, long limitBytes, String holders) {
        this.isDirect = isDirect;
        this.requestedBytes = requestedBytes;
        this.limitBytes = limitBytes;
        this.holders = holders;
    }

    @Override
    public String getMessage() {
        return String.format(
                Locale.ROOT,
                "no memory for a %s buffer: request=%,d B, bound=%,d B, %s",
                isDirect ? "direct" : "heap",
                requestedBytes,
                limitBytes,
                holders);
    }
}
