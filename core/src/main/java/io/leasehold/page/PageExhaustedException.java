package io.leasehold.page;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// An allocation failed: a limit is reached, no free run is long enough, or the kernel failed to provide memory.
///
/// The message names the limit that rejected the request, the pages in use, the longest free run, and the owners with
/// the most pages. If a kernel call failed, its exception is the cause.
public final class PageExhaustedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    /// Creates the exception, for layers that allocate from pages.
    ///
    /// @param message what failed, and the limit that rejected it
    public PageExhaustedException(String message) {
        super(message);
    }

    PageExhaustedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
