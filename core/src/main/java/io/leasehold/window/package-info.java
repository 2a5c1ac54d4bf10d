/// Windows on files: their bytes straight from the page cache, copied or lent in place, whatever happens to the file;
/// ubc(9).
///
/// ```text
///   WindowCache      what users see                          MappedFile   an open file, its length and trust
///     WindowReads      guarded copies, or read(2)            Uio          a transfer, and how far it came
///       WindowHits       those out of what is mapped         Window       a part that is lent
///     WindowWrites     into files of ours                    FileDurability   what is not forced, or lost
///     WindowLoans      pinned windows, private copies
///       WindowSpace      what is pinned and waited for        FileLength   its length, if the system tells it
///         OpenFiles        files are let out, all or none     FileLoans    what is out beside its slots
///         WindowPools      the empty file, and two pools
///           WindowPool       slots: free, mapped, of files   StagingRuns  leased pages for what is copied
///             WindowReclaim    slots become free, in steps   Admission    what windows may cost
///             WindowWaiters    threads that wait, in order   ByteRanges   some parts of a file
///             SlotClock        which slot is recycled next   SlotMemory   address space, calls of the kernel
///             SlotFiles        what is in which slot         SlotLinks    lists of slots
///             SlotWords        versions and pins, no lock
///           WindowTable      slots by part, no lock
/// ```
///
/// ## What a call does for each trust
///
/// | call                      | OWNED                    | IMMUTABLE       | FOREIGN          | no native access |
/// |---------------------------|--------------------------|-----------------|------------------|------------------|
/// | read, uiomove, checksum   | guarded copy             | guarded copy    | guarded copy     | read(2)          |
/// | alloc READ                | in place                 | in place        | private copy     | private copy     |
/// | alloc WRITE               | in place                 | refused         | refused          | private copy     |
/// | write, truncate           | write(2), cuts and grows | refused         | refused          | the same         |
/// | copied, cut meanwhile     | IOException              | IOException     | IOException      | the same         |
/// | copied, cut before        | IOException              | the new end (1) | the new end (1)  | the same         |
/// | lent in place, cut        | InternalError or zeroes  | the same        | never in place   | never in place   |
/// | byteSize, cut             | the length that we know  | what a copy saw | the length now   | the same         |
///
/// (1) The first copy that learns of the cut throws an IOException, unless the length was asked for since.
///
/// "Cut" is what others do. Where the length of a file is not told (proc, sysfs) it ends where read(2) says; such a
/// file is not OWNED. Where a file cannot be mapped (sysfs, 9p, some of FUSE) it is read and lent as without native
/// access. "Zeroes" are those of the page that a file was cut within; what is behind that page raises the error.
/// A file that is OWNED twice, also in one cache, was cut by others if it was cut through the other object.
///
/// ## Why
///
/// * **A copy is optimistic.** It looks at the version of its slot before and after, and writes to nothing that other
///   threads read, so a second thread costs nothing.
/// * **A pin is counted by the thread that makes it**, in cells of its own, and so is its end, by whoever ends it. In
///   the word of the slot two threads with one window took 77 ns for a loan, so they take 18, and one alone 16 instead
///   of 25. Whoever recycles, cuts or closes adds the counts up first, behind one membarrier(2).
/// * **A fault is polled for.** In compiled code the [InternalError] of a truncated file leaves a tight `try` and the
///   statements after the access have run on garbage. Two nanoseconds more make it stay.
/// * **A guard that fails decides nothing.** The piece is read again with read(2), which says how many bytes there are
///   or what is wrong. So a fault that was somebody else's, a window that was recycled thrice, a cut that was undone,
///   all end in right bytes.
/// * **The last byte of a page tells whether it was cut.** Behind the end of a file its last page reads as zero,
///   without a fault. Asking the kernel after each copy would be 250 ns; it is asked only where such a byte is zero.
///   read(2) is doubted alike: where the page cache has large folios, a file that was cut at a page and grew again gave
///   zeroes in the midst of its content, once in some ten million reads under a storm.
/// * **Extents and windows are the same thing in two sizes**: one table, one word, one protocol. Extents are not
///   recycled.
/// * **2 MiB windows, aligned in the file and in memory alike**, are mapped by the kernel in one piece where the page
///   cache has large folios. 64 KiB ones lose to read(2) below a hit rate of 98 %.
/// * **Not on the first touch.** A mapping costs as much as ten reads of 4 KiB. A part of a file gets a window when it
///   is touched again, and if three per cent of the time that was spent in read(2) pay for it.
/// * **Recycled in batches**, by one process_madvise(2) for up to 64 windows: 5.6 us a window instead of 10.7.
/// * **A clock hand, not a sort.** To sort all slots by their last use took 7, 7 and 19 us of processor for a loan
///   with 256, 2,048 and 16,000 windows of 4 KiB, and takes 5 us with each now; with 64 threads and 16,000 windows 20
///   and 7 us (random parts of 1 GiB, two busy cores, 2026-11-29). The hand looks at about one slot for each that it
///   takes: pinned slots leave its ring until a pin ends, and after 512 slots in use it takes what comes next. A
///   window is in use from its second access on, so a scan does not drive out windows that are used again and again:
///   89 of 100 accesses hit, of which 90 go to three quarters of the windows, and 87 did before.
/// * **UNMAP is a word to the clock.** To recycle the window at once took the lock, the barrier and process_madvise(2):
///   6.3 us a loan, and 0.1 us now.
/// * **A list of slots for each file.** Closing a file of two windows looked at all slots of the cache: 15 us beside
///   256 windows, and 58 to 88 us beside 16,000, of processor. Now it looks at two, for 16 us in both.
/// * **No call of the kernel under the lock.** A slot is claimed, mapped, and finished, with its part marked in the
///   table, so two threads never map one part twice. A copy that would have to wait for another thread uses read(2).
/// * **Waiters in turn.** A window that came back woke all waiters before, and the fastest took it. Now one looks for
///   all, and each window that it finds is granted to the next. Passing none of them costs time where a window idles
///   until its thread runs.
/// * **Never unmapped.** A stale address meets another file's bytes, which the version tells, or the empty file, whose
///   fault is caught. A hole, or a range without access, would end the process.
/// * **Copies, never windows, for what runs outside the JVM's guard**: checksums, ciphers and native calls end the
///   process when a file under them is cut.
/// * **Writes go through write(2)**, also to files that are mapped: it is the same page cache, a full disk is an error
///   and not a signal, whole pages are overwritten unread, and a source that faults is told to the byte. Windows for
///   writing are for who wants to store in place; their blocks are reserved first, and their pages made writable. The
///   kernel does that a folio at a time, so on a full disk a hole beside the window made a store into it fault.
/// * **Disk space is reserved for growth that takes more than one transfer**, so a full disk is told before much is
///   written. For 64 KiB the reservation, and the cut of blocks that were reserved, cost ext4 more than the write, and
///   kept threads waiting that had nothing to do with it.
/// * **What fails leaves the file as long as it was.** Zeroes that were written ahead of a source that gave nothing,
///   and blocks that a full disk gave for a part of what was asked, are taken back.
/// * **Forced by range through a mapping.** msync(2) is the one call of Linux that is durable for a range, journal and
///   flush of the disk included; sync_file_range(2) is for none, and fdatasync(2) waits for all of the file. So a short
///   mapping is made for it, from the first dirty page of the range to its last: the kernel writes the dirty ones only,
///   and one flush serves them all. Where the length is at stake, fdatasync(2).
/// * **A refusal stays.** The kernel tells an error once and takes the page for clean, so a second attempt would
///   succeed and mean nothing. And whoever waits for the disk takes the error, also early write-back.
///
/// ## What is there afterwards
///
/// | what                     | process killed               | power cut                                  |
/// |--------------------------|------------------------------|--------------------------------------------|
/// | forced                   | there                        | there                                      |
/// | returned                 | there, others see it at once | each sector as it was at any moment since  |
/// | under way                | any part                     | the same                                   |
/// | stored, window still out | there                        | the same                                   |
/// | growth                   | there; under way any part    | any part; what was forced is in the length |
/// | cut                      | done                         | done or not, until it is forced            |
/// | order of unforced writes | as they returned             | none                                       |
///
/// (2026-11)
@NullMarked
package io.leasehold.window;

import org.jspecify.annotations.NullMarked;
