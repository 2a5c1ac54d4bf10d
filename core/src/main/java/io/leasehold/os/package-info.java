/// System calls: address ranges, files and datagram sockets, and the errors of the kernel.
///
/// This is the only package that makes native calls. It is not exported.
///
/// * [io.leasehold.os.VirtualMemory#system()] reserves and commits memory. The memory is read and written through
///   [io.leasehold.os.AddressSpace].
/// * [io.leasehold.os.Datagrams#system()] opens UDP sockets that receive into that memory and send from it.
/// * [io.leasehold.os.Files#system()] opens files. A caller touches a mapped file only under
///   [io.leasehold.os.FaultPoll].
///
/// ## Why
///
/// *2026-11-21*
///
/// **One interface for each kind of object, with its preconditions stated once.** All higher layers use it, so one
/// fault injector in the tests can make any call fail at any time. Alternatives: an `LD_PRELOAD` shim (it does not
/// intercept the look-up of the linker: 0 of 10 faults arrived); `strace -e inject` (it works, but it is slow and
/// counts per thread). Cost: one virtual call, against a system call of 100 ns to 1.4 us.
///
/// **System calls by number through syscall(2).** One method handle serves all calls. A call needs no wrapper in the C
/// library, and there are no cancellation points. Alternative: a handle for each libc function. Cost: two columns of
/// numbers in [LinuxCall]; a third architecture needs a third column.
///
/// **Cells for errno are kept, not allocated.** The linker needs memory for errno in each call. Allocating it from a
/// confined arena takes 250 ns, a sixth of a remap. A thread-local is not allowed in this layer. So unused cells are
/// kept in an array, in a slot that is chosen by thread id. `Linker.Option.critical` needs no cell, but it delays
/// safepoints while the thread is in the kernel.
///
/// **A refused call is not a failure** if a fallback keeps the promise. Container runtimes refuse calls with EPERM or
/// ENOSYS, and a filter can be installed after the probe. The fallbacks only cost speed:
///
/// * Advice and names of ranges have no effect.
/// * Scattered decommits are made one by one.
/// * A barrier is a handshake of the JVM.
/// * A sync of a range syncs the whole file.
/// * Datagrams are received one by one.
///
/// Some refusals have other effects:
///
/// | refused | effect |
/// |---|---|
/// | madvise(2), or MADV_REMOVE for memory files as in gVisor | memory is given back only when its region is closed |
/// | memfd_create(2) | windows are private copies; an arena with a memory file does not open |
/// | fallocate(2) | windows for writing are private copies; a full disk is reported when they are written |
/// | mlock(2) | an arena that locks its pages does not open; if the refusal comes later, a page is not wired |
/// | mincore(2) | the number of resident bytes of a range is unknown |
///
/// Alternative to the handshake: a fence in each thread from the start. Every allocation would pay for it.
///
/// **Decommit has a parameter for the backing.** MADV_DONTNEED frees anonymous memory. For a memory file it frees only
/// the mapping, and the old bytes come back. MADV_REMOVE frees the pages of the file. To ask the kernel what backs a
/// range would cost more than freeing the range.
///
/// **Scattered decommits call process_madvise(2) on this process**, which takes 1.6 us a range instead of 3.5 us. Older
/// kernels do not let a process do that, so the call is tried once, with an empty list. If it fails, each range takes
/// one madvise(2).
///
/// **Unknown advice is not an error.** Advice only makes a correct program faster. Advice that the kernel does not know
/// (huge pages switched off, populating before Linux 5.14) is detected once and skipped. A caller that needs resident
/// pages touches them.
///
/// **The portable form is one private mapping of a deleted sparse file.** Without native access,
/// `MemorySegment.reinterpret` is refused too. `Arena.allocate` clears, and so commits, all memory that it allocates.
/// `FileChannel.map` does neither. Cost: no memory is given back to the system before the process ends. A page that is
/// read or written leaves a second, clean copy in the page cache, which the kernel drops when it needs memory.
///
/// **Files have descriptors of this package.** `FileChannel` closes when a reading thread is interrupted, and it takes
/// a lock for each read. It also does not expose its descriptor, which a mapping needs. A transfer takes a segment
/// instead of an address, because the linker then keeps the owner from freeing the segment while the kernel uses it.
/// Cost: a second method handle. Without native access, [PortableFiles] uses asynchronous channels, which an interrupt
/// does not close.
///
/// **Faults are polled for.** A touch beyond the end of a truncated file that is mapped raises [InternalError].
/// Compiled code throws it at its next safepoint poll, which is outside any tight `try`. A method that returns is such
/// a poll, unless the compiler inlines the call. It cannot inline a call through a method handle that is not a
/// constant, which takes 1.6 ns. Such a call also lets the processor continue with the next copy: 4 KiB from a mapping
/// that is in no cache take 400 ns, but 460 ns with a plain downcall. The downcall takes 7 to 10 ns by itself; virtual
/// machines other than HotSpot use it. Alternative: a call that is too large to be inlined (3 ns), which depends on
/// limits of the compiler that a user can set.
///
/// **The memory limit is read from files**, not from a management bean. This needs no further module, and every control
/// group above the process counts, not only its own. Cost: without `/proc`, the memory of the machine is assumed to be
/// four maximum heaps.
///
/// **Datagram sockets are implemented here although the JDK has them.** The kernel delivers a GRO batch as one page and
/// a segment size. Neither the channel of the JDK nor that of Netty gives it to the caller in this form. This form
/// takes half the CPU time of a packet, and creates no object. Cost: the C structs of messages, by their offsets in
/// [MessageLayout]. The portable form uses the channel of the JDK, and each of its batches has one datagram.
///
/// **Values of a packet are control messages, values of a socket are options.** The destination and traffic class of a
/// received datagram can differ from datagram to datagram, and so can the source and traffic class of a sent one. So
/// they are control messages. Each protocol level has its own: an IPv6 socket that speaks IPv4 gets both options, and a
/// message has the level of its packets. A socket that is bound to one address does not ask for packet info. A refused
/// option is an error only if it is required.
///
/// **Message headers belong to the caller, in memory that the garbage collector frees.** Each thread has its own
/// [Received] and [Outgoing], so a call creates no garbage and needs no thread-local. An explicit close could free
/// headers during a call, and the kernel would then write into memory of another owner. So headers are freed when they
/// are unreachable.
///
/// **A socket counts the calls in progress.** If a close during a receive closed the descriptor, the kernel could give
/// its number to the next file that is opened. Cost: two atomic operations a call, 15 ns against a microsecond. The
/// last call in progress closes the descriptor. shutdown(2) ends calls that wait: it wakes poll(2) even if the socket
/// is not connected. Alternative: an eventfd in each poll, which needs a second descriptor for each socket.
///
/// **A GSO batch that the kernel cannot split is sent datagram by datagram**, and counted. Segmentation fails by route
/// and device (EIO, EINVAL, EMSGSIZE), which no probe at the start can detect.
@NullMarked
package io.leasehold.os;

import org.jspecify.annotations.NullMarked;
