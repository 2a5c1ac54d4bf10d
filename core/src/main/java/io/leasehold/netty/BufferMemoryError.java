package io.leasehold.netty;

/// There is no memory for a buffer within the bound; the message says who holds it.
///
/// It is an [OutOfMemoryError] because that is what Netty closes a channel for; after any other error a channel that
/// cannot get a buffer would try again at once, and for ever. Nothing is lost with it: the allocator goes on, and so
/// does every buffer that is out.
public final class BufferMemoryError extends OutOfMemoryError {

    private static final long serialVersionUID = 1;

    BufferMemoryError(String message) {
        super(message);
    }
}
