package io.leasehold.page;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// No pages could be had: the bound is reached, free pages are not adjacent, or the kernel refused memory.
///
/// The message names the bound, what is used, and who holds the most; a kernel's refusal is the cause.
public final class PageExhaustedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    PageExhaustedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
