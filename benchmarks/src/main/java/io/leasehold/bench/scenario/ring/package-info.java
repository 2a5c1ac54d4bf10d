/// A pool of pages of 64 KiB while it grows and after a burst: Leasehold compared with Netty's two allocators, each in
/// its own JVM.
///
/// Pages are allocated and freed on an event loop. An allocated page is written to, as a network card would do. The
/// write is not timed, because the page faults of the first access cost the same for all pools.
@NullMarked
package io.leasehold.bench.scenario.ring;

import org.jspecify.annotations.NullMarked;
