/// Windows on files: file content in the page cache, copied or mapped in place, safe against truncation; ubc(9).
///
/// A window is a part of a file that is mapped into a slot of address space. An extent is a large window that stays
/// mapped until its file is closed. The caller either copies bytes out of a window, or borrows the window itself.
///
/// ```text
///   WindowCache      the public API                          MappedFile   an open file, its length and trust
///     WindowCacheCloser  closes the files and the cache
///     WindowReads      guarded copies, or read(2)            Uio          a transfer, and its progress
///       WindowHits       copies from mapped windows          Window       a part of a file that is lent
///     WindowWrites     writes into OWNED files               FileDurability   unforced and failed ranges
///     WindowLoans      pinned windows, private copies
///       WindowSpace      pins and waits for windows          FileLength   does the system report the length
///         OpenFiles        closes files, all or none         FileLoans    loans that no slot counts
///         WindowPools      the placeholder, two pools
///           WindowPool       slots: free, mapped, pinned     StagingRuns  leased pages for staged copies
///             WindowReclaim    frees slots, in steps         Admission    token bucket for mapping costs
///             WindowWaiters    waiting threads, in order     ByteRanges   a bounded set of file ranges
///             SlotClock        which slot is recycled next   SlotMemory   address space, calls of the kernel
///             SlotFiles        the file of each slot         SlotLinks    lists of slots
///             SlotWords        versions and pins, lock-free
///           WindowTable      slots by part, lock-free      WriterLock   one writer of a file at a time
/// ```
///
/// ## The way of a file window
///
/// 1. Opening a [WindowCache] reserves address space for all slots, and maps an empty file, the placeholder, over it
///    ([WindowPools], [SlotMemory]). From then on no address of a slot is ever unmapped.
/// 2. `cache.open(path, options)` opens a descriptor and creates a [MappedFile]. The [FileTrust] and [WindowTier] of
///    the file decide which of the two pools it uses, if any.
/// 3. A read asks the [WindowTable] of the file for the slot of the part. The first touch of a part finds none. It is
///    copied with read(2), and the table remembers the touch.
/// 4. At the second touch, [Admission] spends the cost of a mapping if it has the credits. [WindowPool] claims a free
///    slot under its lock, maps the part without the lock, and finishes the slot under the lock again.
/// 5. Later reads hit: [WindowHits] copies out of the slot without a lock. It compares the version of the slot in
///    [SlotWords] before and after, polls for a fault, and checks the end of the file. If a check fails, [WindowReads]
///    reads the piece again with read(2).
/// 6. [WindowCache#alloc] lends the window in place instead. [WindowSpace] pins its slot by a count in the cells of the
///    calling thread, and [WindowLoans] returns a [Window]. If nothing may be mapped in place, the window is a private
///    copy in pages of [StagingRuns].
/// 7. [WindowCache#release] ends the pin, and wakes the first thread in [WindowWaiters]. The part stays mapped for the
///    next access. The range of a window for writing is recorded in [FileDurability], until [MappedFile#force()] makes
///    the range durable.
/// 8. If no slot is free, [WindowReclaim] collects the pins of all threads, and [SlotClock] chooses slots that are not
///    pinned and were not used lately. They get a new version and are mapped to other parts.
/// 9. [MappedFile#close()] waits for no loan: if one is outstanding it throws. Otherwise [OpenFiles] maps the
///    placeholder over the slots of the file, frees them, and closes the descriptor.
///
/// ## What a call does for each trust
///
/// "Truncated" means truncated by another process, or through another [MappedFile]. "Zeroes" are those of the page that
/// contains the new end; an access behind that page raises the error.
///
/// | call                         | OWNED                    | IMMUTABLE       | FOREIGN          | no native access |
/// |------------------------------|--------------------------|-----------------|------------------|------------------|
/// | read, uiomove, checksum      | guarded copy             | guarded copy    | guarded copy     | read(2)          |
/// | alloc READ                   | in place                 | in place        | private copy     | private copy     |
/// | alloc WRITE                  | in place                 | rejected        | rejected         | private copy     |
/// | write, truncate              | write(2), ftruncate(2)   | rejected        | rejected         | the same         |
/// | copied, truncated meanwhile  | IOException              | IOException     | IOException      | the same         |
/// | copied, truncated before     | IOException              | the new end (1) | the new end (1)  | the same         |
/// | written, truncated before    | IOException (2)          | rejected        | rejected         | the same         |
/// | lent in place, truncated     | InternalError or zeroes  | the same        | never in place   | never in place   |
/// | lent to write, truncated     | IOException at release   | rejected        | rejected         | the same         |
/// | byteSize, truncated          | the known length         | as a copy saw   | the length now   | the same         |
///
/// (1) The first copy that detects the truncation throws an IOException, unless the length was queried since the
/// truncation.
///
/// (2) A call of `truncate` to more than the present length throws too. A call to at most the present length accepts
/// the truncation by the other process.
///
/// * If the system does not report the length of a file (proc, sysfs), the file ends where read(2) returns nothing.
///   Such a file cannot be OWNED.
/// * A file that cannot be mapped (sysfs, 9p, some of FUSE) is read and lent as if there were no native access.
/// * A cache opens a file for writing once at a time, and compares device and inode, not paths. With two writers the
///   length that one of them knows would be stale, and its next write behind that length would zero what the other
///   wrote. Two caches or two processes must see to this themselves.
/// * Objects that only read may be open beside the writer. An OWNED one keeps the length that it was opened with, and
///   a truncation through the writer counts as one by another process.
///
/// ## Why
///
/// * **A copy is optimistic.** It compares the version of its slot before and after, and writes to nothing that other
///   threads read. So a second thread costs nothing.
/// * **A pin is counted by the thread that makes it**, in cells of its own. The end of a pin is counted by the thread
///   that ends it. With the count in the word of the slot, two threads with one window took 77 ns for a loan. Now they
///   take 18 ns, and one thread takes 16 ns instead of 25. A thread that recycles, truncates or closes adds the counts
///   up first, after one membarrier(2).
/// * **A fault is polled for.** In compiled code the [InternalError] of a truncated file can leave a tight `try`, and
///   the statements after the access have then run on garbage. A poll of 2 ns keeps it inside.
/// * **A guard that fails decides nothing.** The piece is read again with read(2), which reports the number of bytes or
///   the error. So a fault with another cause, a window that was recycled three times, and a truncation that
///   was undone all end in right bytes.
/// * **The last byte of a page shows whether it was truncated.** Behind the end of a file its last page reads as zero,
///   without a fault. To ask the kernel after each copy would take 250 ns, so it is asked only if such a byte is zero.
///   read(2) is checked in the same way. If the page cache has large folios, a file that was truncated at a page and
///   grew again gave zeroes amid its content: once in about ten million reads under a storm of truncations.
/// * **Extents and windows are one mechanism in two sizes**: one table, one word, one protocol. Extents are not
///   recycled.
/// * **Windows of 2 MiB, aligned in the file and in memory**, are mapped by the kernel in one piece if the page cache
///   has large folios. Windows of 64 KiB are slower than read(2) below a hit rate of 98 %.
/// * **No mapping on the first touch.** A mapping costs as much as ten reads of 4 KiB. A part of a file gets a window
///   when it is touched again, and if 3 % of the time that was spent in read(2) covers the cost.
/// * **Slots are recycled in batches**, by one process_madvise(2) for up to 64 windows: 5.6 us a window instead of 10.7
///   us.
/// * **A clock hand, not a sort.** In processor time, with 256, 2,048 and 16,000 windows of 4 KiB: to sort all slots by
///   their last use took 7, 7 and 19 us for a loan, and the clock takes 5 us with each. With 64 threads and 16,000
///   windows the sort took 20 us, the clock takes 7 us (random parts of 1 GiB, two busy cores, 2026-11-29). The hand
///   looks at about one slot for each slot that it takes: pinned slots leave its ring until a pin ends, and after 512
///   slots in use it takes the next ones. A window counts as used from its second access on, so a scan does not
///   displace windows that are used again and again. With 90 of 100 accesses to three quarters of the windows, 89 of
///   100 hit; without this rule 87 did.
/// * **UNMAP only marks the slot.** To recycle the window at once took the lock, the barrier and process_madvise(2):
///   6.3 us a loan. The mark costs 0.1 us.
/// * **Each file has a list of its slots.** To close a file of two windows by a look at all slots took 15 us of
///   processor time with 256 windows in the cache. With 16,000 windows it took 58 to 88 us. With the list it takes
///   16 us in both cases.
/// * **No call of the kernel under the lock.** A slot is claimed, mapped and finished, and its part is marked in the
///   table, so two threads never map one part twice. A copy that would have to wait for another thread uses read(2).
/// * **Waiters are served in turn.** Before, a released window woke all waiters, and the fastest took it. Now one
///   waiter searches for all, and grants each window that it finds to the next waiter. This costs time when a granted
///   window idles until its thread runs.
/// * **Slots are never unmapped.** A read through a stale address meets the bytes of another file, which the version
///   check detects, or the placeholder, whose fault is caught. A hole in the address space, or a range without access,
///   would end the process.
/// * **Code that runs outside the JVM's guard gets copies, never windows.** Checksums, ciphers and native calls end the
///   process if a file under them is truncated.
/// * **Writes use write(2)**, also for files that are mapped, since it writes to the same page cache. A full disk is an
///   error and not a signal, whole pages are overwritten without being read, and a source that fails is reported to the
///   byte. Windows for writing are for callers that want to store in place. Their blocks are reserved first, and their
///   pages are made writable. The kernel makes pages writable a folio at a time, so on a full disk a hole beside the
///   window could make a store into the window fault.
/// * **Disk space is reserved for growth by more than one transfer**, so a full disk is reported before much is
///   written. For 64 KiB the reservation, and the truncation of reserved blocks, cost ext4 more than the write, and
///   delayed unrelated threads. If a file system cannot reserve, zeroes of more than 64 MiB behind the end of a
///   file become a hole: those of a zerorange, and those of a write with FAULTBUSY whose source failed.
/// * **A call that fails leaves the length of the file unchanged.** Zeroes that were written before the source failed
///   are removed again. So are the blocks that a full disk gave for a part of a request.
/// * **A range is forced through a mapping.** msync(2) is the one call of Linux that makes a range durable, including
///   the journal and the flush of the disk. sync_file_range(2) makes nothing durable, and fdatasync(2) waits for the
///   whole file. So a short mapping is made from the first dirty page of the range to its last. The kernel writes only
///   the dirty pages, and one flush covers them all. If the length has changed, fdatasync(2) is used.
/// * **A failed write-back stays failed.** The kernel reports an error once and then treats the page as clean, so a
///   second attempt would succeed and mean nothing. Any call that waits for the disk can receive the error, also early
///   write-back.
///
/// ## What survives
///
/// | what                          | process killed                  | power failure                               |
/// |-------------------------------|---------------------------------|---------------------------------------------|
/// | forced                        | there                           | there                                       |
/// | returned, not forced          | there, others see it at once    | each sector as it was at any time since     |
/// | in flight                     | any part                        | the same                                    |
/// | stored, window still lent     | there                           | the same                                    |
/// | growth                        | there; in flight: any part      | any part; the length covers what was forced |
/// | truncation                    | done                            | done or not, until it is forced             |
/// | order of unforced writes      | as they returned                | none                                        |
///
/// (2026-11)
@NullMarked
package io.leasehold.window;

import org.jspecify.annotations.NullMarked;
