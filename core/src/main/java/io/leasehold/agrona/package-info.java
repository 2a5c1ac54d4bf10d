/// Leases as Agrona's buffers: for Aeron, SBE codecs, ring buffers and whatever else reads a `DirectBuffer`.
///
/// ```text
///   LeaseBuffers.wrap(lease)        a new UnsafeBuffer: DirectBuffer, MutableDirectBuffer, AtomicBuffer
///   LeaseBuffers.rewrap(b, lease)   the same, without garbage
///   LeaseBuffers.unwrap(b)          its end, before the lease's
///                                                   +--------------------- memory -----------------+
///   UnsafeBuffer b: address, capacity  -----------> | what was leased, from the page's first byte  |
///                   no lease, no session            +----------------------------------------------+
/// ```
///
/// Windows on files have [WindowBuffers], whose views are to be read alone.
///
/// ## What Agrona asks for
///
/// Agrona 2.6.0 uses the JDK's own Unsafe, so java has to be started with one option more, whichever way this library
/// gets its memory:
///
/// | Agrona is on | option |
/// |---|---|
/// | the class path | `--add-exports java.base/jdk.internal.misc=ALL-UNNAMED` |
/// | the module path | `--add-exports java.base/jdk.internal.misc=org.agrona` |
///
/// Without it [LeaseBuffers] throws an [IllegalStateException] that names it. Native access is not needed: the memory
/// of portable mode has addresses too.
///
/// ## After the end of the lease
///
/// A view is an address and a size: it cannot know that its lease has ended. One that is used all the same never ends
/// the process, as address space is kept for ever, but it is not to be trusted. It reads, and it writes to:
///
/// | the lease was on | read and written after its end |
/// |---|---|
/// | a direct map | the page itself, whoever has it now; zero where it was given back |
/// | a window | the page, until the window is recycled, then that of another lease |
/// | an arena, or a pool of windows, that was closed | zero, or the memory of the next owner of the address space |
/// | a pool of windows that was closed forcibly | zero, and what is written nobody reads |
///
/// Portable memory may keep its content where it says zero. What is written to memory that was given back costs memory
/// again, which no budget knows of.
///
/// So [LeaseBuffers#unwrap] comes before the close of the lease: then a late use is an [IndexOutOfBoundsException].
/// Agrona makes that check; with `agrona.disable.bounds.checks` nothing does.
///
/// ## Why
///
/// * **Agrona is optional**: nothing below needs it, and it does not start without an option that most programs do not
///   have. Who calls this package has Agrona already.
/// * **Its own buffer, not one of ours.** A class of ours that implemented `AtomicBuffer` could ask the lease at each
///   access; but call sites in Agrona and Aeron that the JIT had bound to one class would have to choose between two,
///   and some of their methods take an `UnsafeBuffer` and nothing else (`UnsafeBufferPosition`).
/// * **One check, when it is wrapped**, as for `Lease.segment()`: a session would cost more than the lease.
/// * **Unwrapping keeps the address** and takes the capacity: no mistake of threads can make address zero of it.
/// * **The option is looked for, not tried out.** A failed start leaves Agrona's classes broken for the life of the
///   process, each later call with another error.
///
/// (2026-11)
@NullMarked
package io.leasehold.agrona;

import org.jspecify.annotations.NullMarked;
