package io.leasehold.page;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// No pages could be had: a limit is reached, no free run is long enough, or the kernel refused memory.
///
/// The message names the one limit that refused, what is used, the longest free run, and which owners hold the most. A
/// kernel's refusal is the cause.
public final class PageExhaustedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    PageExhaustedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
