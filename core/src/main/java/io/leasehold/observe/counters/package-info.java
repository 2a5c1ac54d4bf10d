/// The file in which a process publishes its counters, and its reader.
///
/// ```text
///   AllocatorCounters ---> CounterFile ---> java.io.tmpdir/leasehold-<user>/<pid> ---> CounterSnapshot ---> stat
/// ```
///
/// ## Why
///
/// * **A file, not an agent.** Attaching to a JVM that hangs or is short of memory may fail, and attaching to one that
///   died always does. A mapped file keeps the last values, whatever ended the process. Storing a value is a store to
///   memory.
/// * **Agrona's layout** of metadata and values, because tools for it exist. The library itself does not need Agrona.
/// * **The heartbeat is lazy.** Values are written while the maintenance thread has something to do, at most twice a
///   second for each allocator. A process in which nothing changes writes nothing. So an old heartbeat of a process
///   that runs means that nothing has changed since. The reader decides by the number and the start of the process
///   whether it still runs.
/// * **A fixed length** of 324 KiB, written when the file is made. A mapping of a hole in a file would fail on a full
///   disk during a store.
/// * **The reader copies the file** and checks every length in it. It never maps a file that another process may
///   truncate. It copies the file again until the labels are the same twice, because a counter that was freed gets
///   another label.
///
/// (2026-11)
@NullMarked
package io.leasehold.observe.counters;

import org.jspecify.annotations.NullMarked;
