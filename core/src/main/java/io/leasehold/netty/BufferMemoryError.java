package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/// No buffer can be allocated. The message says which limit or state rejected the request, and then names the holders
/// of the memory.
///
/// The error is an [OutOfMemoryError] because Netty closes a channel for that type and for an `IOException`. After any
/// other error, a channel that cannot get a buffer tries again at once and without end. So every failure to allocate a
/// buffer is this error: a limit is reached, the system gives no memory, the allocator is closed or cannot be opened,
/// or the request is for more than the largest buffer. Outstanding buffers still work.
///
/// **Cost.** The values and holders of the moment are put into words at the refusal. The rest of the message is
/// composed when it is read, because most of these errors are never read.
public final class BufferMemoryError extends OutOfMemoryError {

    private static final long serialVersionUID = 3;

    /// Name of the allocator.
    private final String allocator; // (C)

    /// True if the request was for a direct buffer.
    private final boolean isDirect; // (C)

    /// Requested capacity of the buffer in bytes.
    private final int requestedBytes; // (C)

    /// The reason and the limit.
    private final Refusal refusal; // (C)

    /// The reason for rejecting a buffer.
    ///
    /// @param words clause that says what happened
    /// @param values the object that rejected the request and its limit, as `name=value` pairs; or empty
    /// @param holders the holders of the memory, for people; or empty
    record Refusal(String words, String values, String holders) implements Serializable {

        /// {@return a reason without a limit and without holders}
        static Refusal of(String words) {
            return new Refusal(words, "", "");
        }
    }

    /// @param allocator name of the allocator
    /// @param isDirect true if the request was for a direct buffer, false for one on the Java heap
    /// @param requestedBytes capacity of the buffer in bytes
    /// @param refusal the reason
    /// @param cause failure of a layer below, or null if a limit was reached
    BufferMemoryError(
            String allocator, boolean isDirect, int requestedBytes, Refusal refusal, @Nullable Throwable cause) {
        this.allocator = allocator;
        this.isDirect = isDirect;
        this.requestedBytes = requestedBytes;
        this.refusal = refusal;
        if (cause != null) {
            initCause(cause);
        }
    }

    @Override
    public String getMessage() {
        StringBuilder text = new StringBuilder(256);
        text.append(format(
                "no memory for a %s buffer, %s: allocator=%s, request=%,d B",
                isDirect ? "direct" : "heap", refusal.words, allocator, requestedBytes));
        appendIfAny(text, ", ", refusal.values);
        if (getCause() != null) {
            text.append(", cause=").append(rootOf(getCause()));
        }
        appendIfAny(text, "; ", refusal.holders);
        return text.toString();
    }

    /// {@return the reason why a class could not be initialized, such as a system property that is not valid; or the
    /// cause itself}
    private static Throwable rootOf(Throwable cause) {
        Throwable reason = cause instanceof LinkageError ? cause.getCause() : null;
        return reason == null ? cause : rootOf(reason);
    }

    private static void appendIfAny(StringBuilder text, String separator, String more) {
        if (!more.isEmpty()) {
            text.append(separator).append(more);
        }
    }
}
