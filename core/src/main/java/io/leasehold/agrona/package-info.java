/// Leases as Agrona's buffers: for Aeron, SBE codecs, ring buffers and all other code that uses a `DirectBuffer`.
///
/// ```text
///   LeaseBuffers.wrap(lease)        a new UnsafeBuffer: DirectBuffer, MutableDirectBuffer, AtomicBuffer
///   LeaseBuffers.rewrap(b, lease)   the same, without garbage
///   LeaseBuffers.unwrap(b)          end of the view, before the end of the lease
///                                                   +--------------------- memory -----------------+
///   UnsafeBuffer b: address, capacity  -----------> | the leased page or run, from its first byte |
///                   no lease, no session            +----------------------------------------------+
/// ```
///
/// For windows on files there is [WindowBuffers]. Its views are read-only.
///
/// ## The option that Agrona needs
///
/// Agrona 2.6.0 uses the internal Unsafe of the JDK. So java must be started with an option, in native mode and in
/// portable mode:
///
/// | Agrona is on | option |
/// |---|---|
/// | the class path | `--add-exports java.base/jdk.internal.misc=ALL-UNNAMED` |
/// | the module path | `--add-exports java.base/jdk.internal.misc=org.agrona` |
///
/// Without the option [LeaseBuffers] throws an [IllegalStateException] that names it. Native access is not needed,
/// because the memory of portable mode has addresses too.
///
/// ## After the end of the lease
///
/// A view is an address and a size, so it does not notice the end of its lease. A late use does not end the process,
/// because the address space of closed arenas stays mapped (at most 128 retained regions, see `io.leasehold.memory`).
/// But its result is undefined. It reads and writes this memory:
///
/// | the lease was on | read and written after its end |
/// |---|---|
/// | a direct map | the page itself, also if another owner uses it now; zero after a decommit |
/// | a window | the page, until the window is recycled; then the page of another lease |
/// | an arena, or a pool of windows, that was closed | zero, or the memory of the next owner of the address space |
/// | a pool of windows that was closed forcibly | zero; no other owner sees what is written |
///
/// Where the table says zero, portable memory may keep its content. A write to decommitted memory uses memory again,
/// which no budget counts.
///
/// So call [LeaseBuffers#unwrap] before the lease is closed. Then a late use throws an [IndexOutOfBoundsException].
/// This check is made by Agrona, and `agrona.disable.bounds.checks` turns it off.
///
/// ## Why
///
/// * **Agrona is optional.** No lower layer needs it, and it does not start without an option that most programs do not
///   set. Callers of this package use Agrona already.
/// * **Agrona's own buffer class.** A class of this library that implements `AtomicBuffer` could check the lease at
///   each access. But then monomorphic call sites in Agrona and Aeron would see two classes, and some of their methods
///   accept only an `UnsafeBuffer` (`UnsafeBufferPosition`).
/// * **One check, when the view is wrapped**, as for `Lease.segment()`. A session would cost more than the lease.
/// * **Unwrapping keeps the address** and sets the capacity to 0. So no race between threads can access address zero.
/// * **The option is checked, not tried.** After a failed start Agrona's classes stay unusable until the process ends,
///   and later calls throw other errors.
///
/// (2026-11)
@NullMarked
package io.leasehold.agrona;

import org.jspecify.annotations.NullMarked;
