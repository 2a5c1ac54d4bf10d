/// Sends files from Netty servers: by sendfile(2), by windows in place, or by guarded copies. The channel, its pipeline
/// and the trust in the file decide which.
///
/// ```text
///   FileSource.write, content
///     16 KiB or less  ---> one copy, sent together with the buffers before it
///     PipelineTouch: what does the pipeline do to the bytes?
///       nothing       ---> SourceRegion  sendfile(2); SourceChunks if the file cannot be opened again
///       the JVM reads ---> SourceChunks  windows, read-only, in place; copies of a FOREIGN file
///       unknown       ---> SourceChunks  copies
///   WindowBuffers.wrap ---> one window as a ByteBuf
/// ```
///
/// ## If a file is truncated while it is sent
///
/// | way | result |
/// |---|---|
/// | copy | the guarded read ends early: [java.io.IOException] |
/// | sendfile | the kernel sends nothing more, Netty compares: [java.io.IOException] |
/// | window, NIO or epoll | the kernel sends nothing of it, EFAULT: [java.io.IOException] |
/// | window, TLS of the JDK | [InternalError] where the engine reads; the pipeline is notified too |
///
/// The last two need a broken promise: windows are used only for an IMMUTABLE or OWNED file. In all four cases the
/// future of the write fails, and [FileSource#write] closes the channel, because its client waits for bytes that no
/// longer exist. The process continues.
///
/// ## Why
///
/// * **Sendfile if the pipeline does not read the bytes.** Nothing is faster over a bare socket, and a truncated file
///   cannot harm it.
/// * **A region is corked** (`TCP_CORK`) where the transport is epoll, from its creation until it was sent. Its head
///   then leaves with the first bytes of the file. Otherwise the head wakes the receiver alone, and the receiver's
///   processor does most of the work of both. On two cores with `wrk`, a file of 1 MiB was sent 1,650 to 1,950 times a
///   second, and is sent 2,660 to 3,530 times now; a file of 64 KiB 32,600 to 35,300 times, and 37,000 to 43,600 now.
///   nginx with `tcp_nopush`, which is the same option, sent 2,600 to 4,000 and 39,000 to 41,000 (2026-12-01).
/// * **Windows if the JVM reads the bytes**, as its TLS engine does. The engine copies and encrypts directly out of the
///   page cache, without a read(2) into a buffer first.
/// * **Copies if native code may read the bytes.** If OpenSSL or a compressor reads a mapping whose file was truncated,
///   the process dies. No promise of a user is worth that risk. A copy of 64 KiB costs 2 us.
/// * **The class of a handler tells what it does.** Two lists name the handlers that pass a region on, and the
///   handlers that are known to read in Java. Any other handler gets copies, which are always correct. The lists
///   contain names, because most of these classes are in jars that are optional.
/// * **Small content is copied.** A head and its content then leave in one gathering write. With sendfile they are two
///   system calls, and pinning a window is no cheaper than copying 16 KiB.
/// * **No new buffer class.** A window is wrapped as an [ExternalMemory][io.leasehold.netty.ExternalMemory], like all
///   other memory, under Netty's read-only view.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty.file;

import org.jspecify.annotations.NullMarked;
