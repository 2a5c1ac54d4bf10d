/// A pool of buffers for Jetty 12.1, whose direct buffers lie on leased pages.
///
/// ```text
///   Jetty: connections, TLS, HTTP ---> LeasedBufferPool ---> Blocks ---> one lease a slab ---> PageArena ---> budget
/// ```
///
/// Jetty's own pool keeps what a burst needed, until it is cleared. [LeasedBufferPool] returns idle memory to the
/// arena, and the arena to the system. Its limit is a limit of memory, and is shared with all other users of the arena
/// and its budget.
///
/// ## Before the pool is closed
///
/// A `ResourceHandler` caches files in buffers of the pool, and keeps them when it stops. Then [LeasedBufferPool#close]
/// throws. So call `flushCache()` of its `CachingHttpContentFactory` after the server has stopped.
///
/// ## Why
///
/// * **Heap buffers stay with Jetty.** The collector frees them anyway. Jetty's TLS uses heap buffers unless
///   `SslConnectionFactory` is told otherwise: `setDirectBuffersForEncryption(true)` and
///   `setDirectBuffersForDecryption(true)`.
/// * **Jetty's own class counts the references.** A buffer costs an object and a view, which are garbage. In exchange
///   a stale `ByteBuffer` has a position of its own, and cannot move that of the next buffer.
/// * **At the limit a request fails.** Jetty closes the connection that needed the buffer and serves the others.
///   Waiting would block a thread of the selector.
///
/// (2026-11)
@NullMarked
package io.leasehold.jetty;

import org.jspecify.annotations.NullMarked;
