/// A pool of buffers for Undertow 2.4, which lie on leased pages.
///
/// ```text
///   Undertow: connections, TLS, HTTP ---> LeasedBufferPool ---> Blocks ---> one lease a slab ---> PageArena
/// ```
///
/// Undertow's own pool caches buffers in thread locals, and keeps a queue of them for ever. [LeasedBufferPool] returns
/// idle memory to the arena, and the arena to the system.
///
/// ## Why
///
/// * **Blocks, not a pool of pages** (`io.leasehold.jumbo`), although Undertow has one size: a size need not be a
///   power of two, and the heap can share its arena with other heaps.
/// * **A buffer is a new object at each allocation**, so a stale buffer stays closed and does not become the next
///   buffer. The buffer and its view are garbage.
/// * **At the limit a request fails.** Undertow closes the connection that needed the buffer and serves the others.
///   Waiting would block an I/O thread.
///
/// (2026-11)
@NullMarked
package io.leasehold.undertow;

import org.jspecify.annotations.NullMarked;
