/// What the kernel gives: address ranges, files, datagram sockets, and the errors it answers with. The only package
/// that makes native calls, and the lowest of the house; it is not exported.
///
/// A caller asks [io.leasehold.os.VirtualMemory#system()] for memory and reads and writes it through
/// [io.leasehold.os.AddressSpace]; it asks [io.leasehold.os.Datagrams#system()] for sockets that fill that memory, and
/// [io.leasehold.os.Files#system()] for files, whose mappings it touches only under [io.leasehold.os.FaultPoll].
///
/// ## Why
///
/// *2026-11-21*
///
/// **One interface with its preconditions stated once.** Everything above runs on it, so one fault injector in the
/// tests makes any call fail at any time. Alternatives: an `LD_PRELOAD` shim (the linker's lookup is not
/// intercepted: 0 of 10 faults arrived), `strace -e inject` (works, slow, counts per thread). Cost: one virtual call,
/// against a system call of 100 ns to 1.4 us.
///
/// **System calls by number through syscall(2).** One method handle instead of fourteen, nothing that an old or another
/// C library does not wrap, no cancellation points. Alternative: a handle for each libc function. Cost: two columns of
/// numbers in [LinuxCall], and a third architecture needs a third.
///
/// **errno cells are kept, not allocated.** The linker needs memory for errno in each call. A confined arena is 250
/// ns, a sixth of a remap; a thread-local is not allowed at this level. So a cell waits in an array slot chosen by
/// thread id. `Linker.Option.critical` would do without, but holds up safepoints while the thread is in the kernel.
///
/// **A call that is refused is no reason to fail**, where something else keeps the promise. Container runtimes refuse
/// calls with EPERM or ENOSYS, and a filter can be installed after the probe. Then advice and names have no effect;
/// scattered decommits are made one by one; a barrier is a handshake of the JVM; a range of a file is synced with all
/// of the file; datagrams are received one by one. What is lost is speed. Some refusals lose more:
///
/// | refused | lost |
/// |---|---|
/// | madvise(2), or MADV_REMOVE for memory files as in gVisor | memory goes back only when its region ends |
/// | memfd_create(2) | windows are private copies; an arena with a memory file does not open |
/// | fallocate(2) | windows for writing are private copies; a full disk is told when they are written |
/// | mlock(2) | an arena that locks its pages does not open, or a page is not wired if the refusal comes late |
/// | mincore(2) | nothing tells how much of a range is resident |
///
/// Alternative to the handshake: a fence in each thread from the start, which every allocation would pay for.
///
/// **Decommit is told the backing.** MADV_DONTNEED frees anonymous memory, but of a memory file only the mapping: its
/// old bytes come back. MADV_REMOVE frees the file's pages. Asking the kernel what a range is would cost more than
/// freeing it.
///
/// **Scattered decommits go through process_madvise(2) on ourselves**, 1.6 against 3.5 us a range, where the kernel
/// lets a process do that, which older ones do not; it is tried once, with an empty list. Elsewhere there is one
/// madvise(2) a range.
///
/// **Unknown advice is no error.** Advice only makes a right program faster, so what a kernel does not know (huge pages
/// switched off, populating before 5.14) is found out once and left out. Who must know that pages are there touches
/// them.
///
/// **The portable form is one private mapping of a deleted sparse file.** Where native access is refused, so is
/// `MemorySegment.reinterpret`, and `Arena.allocate` clears, hence commits, all it allocates. `FileChannel.map` does
/// neither. Cost: no memory goes back to the system before the process ends; a page that is read or written leaves a
/// second, clean copy in the page cache, which the kernel drops when it needs memory.
///
/// **Files by descriptors of our own.** `FileChannel` closes when a thread that reads is interrupted, takes a lock for
/// each read, and does not give its descriptor away, without which there is nothing to map. Transfers take a segment,
/// not an address: the linker then keeps its owner from freeing it while the kernel writes. Cost: a second method
/// handle. Where native access is refused, channels serve, and are opened anew after an interrupt.
///
/// **Faults are polled for.** A truncated file under a mapping raises [InternalError] at the next safepoint poll of
/// compiled code, which is outside any tight `try`. A method that returns is such a poll, as long as nothing is put in
/// place of the call: through a method handle that is no constant nothing can be, 1.6 ns. It also lets the processor go
/// on with the next copy: 4 KiB out of a mapping that no cache holds take 400 ns, and 460 with a plain downcall, 7 to
/// 10 ns by itself, which is what other machines than HotSpot get. Alternative: a call that is too large to be inlined,
/// 3 ns, hangs on limits of the compiler that a user can set.
///
/// **The limit of memory is read from files**, not from a management bean: no further module, and every control group
/// above the process counts, not just its own. Cost: where there is no `/proc`, the machine is taken to have four
/// maximum heaps.
///
/// **Datagram sockets are ours where the JDK has them**, since neither its channel nor Netty's gives a train of
/// datagrams to the caller as the kernel has it: one page and a segment size, at half the CPU for a packet and no
/// object at all. Cost: the structs of messages, by their offsets in [MessageLayout]. The portable form has the
/// channel, and trains of one.
///
/// **Packets are told by control messages, sockets by options.** Destination and traffic class of what arrives, source
/// and traffic class of what leaves are control messages, as they differ from datagram to datagram. Each level has its
/// own: an IPv6 socket that speaks IPv4 gets both options, and a message has the level of its packets. A socket that is
/// bound to one address asks for no packet info. An option that is refused is an error only if it is required.
///
/// **Message headers belong to who calls, in memory that the collector frees.** A [Received] or [Outgoing] for each
/// thread makes a call free of garbage without a thread-local. An explicit close could free headers under a call, which
/// would write over somebody else's memory; so they go when nothing reaches them.
///
/// **A socket counts those who are in it.** Closing it under a receive would hand the number to the next who opens a
/// file. Cost: two atomic operations a call, 15 ns against a microsecond. The last one out closes, and shutdown(2)
/// sends them out: it wakes poll(2) also where a socket is not connected. Alternative: an eventfd in each poll, a
/// second descriptor for each socket.
///
/// **What the kernel will not cut goes datagram by datagram**, counted: segmentation fails by route and device (EIO,
/// EINVAL, EMSGSIZE), which no probe at the start can tell.
@NullMarked
package io.leasehold.os;

import org.jspecify.annotations.NullMarked;
