/// Files as Netty's servers send them: by sendfile, by windows in place, or by guarded copies, as channel and trust
/// have it.
///
/// ```text
///   FileSource.write, content
///     16 KiB or less  ---> one copy, sent together with what stands before it
///     PipelineTouch: what is done to the bytes on their way out?
///       nothing       ---> SourceRegion  sendfile(2)
///       the JVM reads ---> SourceChunks  windows, read-only, in place; copies of a FOREIGN file
///       nobody knows  ---> SourceChunks  copies
///   WindowBuffers.wrap ---> one lent window as a ByteBuf
/// ```
///
/// ## What becomes of a file that is cut while it is sent
///
/// | way | what is seen |
/// |---|---|
/// | copy | the guarded read ends early: [java.io.IOException] |
/// | sendfile | the kernel sends nothing more, Netty compares: [java.io.IOException] |
/// | window, NIO or epoll | the kernel sends nothing of it, EFAULT: [java.io.IOException] |
/// | window, TLS of the JDK | [InternalError] where the engine reads; the pipeline is told too |
///
/// The last two need a broken promise: only of an IMMUTABLE or OWNED file windows are lent. In all four
/// the future of the write fails, and [FileSource#write] closes the channel, since its client waits for bytes that are
/// no more. The process goes on.
///
/// ## Why
///
/// * **Sendfile where nobody looks.** Nothing beats it over a bare socket, and a cut file cannot hurt it.
/// * **Windows where the JVM reads**, as its TLS engine does: it copies and encrypts out of the page cache, without a
///   read(2) and a buffer before that.
/// * **Copies where native code may read.** OpenSSL or a compressor over a mapping ends the process when the file is
///   cut, and no promise of a user is worth that. A copy of 64 KiB costs 2 us.
/// * **What a handler does is known by its class.** Those that let a region pass, and those that are known to read in
///   Java, are named; what is not named gets copies, which are right for all. Names, since most of them are in jars
///   that nobody need have.
/// * **Small content is copied.** A head and its content leave in one gathering write then; with sendfile they are two
///   system calls, and pinning a window is no cheaper than moving 16 KiB.
/// * **No new buffer class.** A window is lent as the buffer that all of Leasehold's memory is lent as, under Netty's
///   read-only view of it.
///
/// (2026-11)
@NullMarked
package io.leasehold.netty.file;

import org.jspecify.annotations.NullMarked;
