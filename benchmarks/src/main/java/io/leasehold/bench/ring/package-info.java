/// What a pool of pages of 64 KiB does while it grows, and after a burst: ours beside Netty's two allocators, each in a
/// JVM of its own.
///
/// Pages are taken and released on an event loop. A page that was taken is written to, as a network card would; that is
/// not part of what is timed, since the kernel's first touch costs all of them the same.
@NullMarked
package io.leasehold.bench.ring;

import org.jspecify.annotations.NullMarked;
