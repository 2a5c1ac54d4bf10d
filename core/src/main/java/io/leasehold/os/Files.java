package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// Regular files of the system by descriptor: read, write at an offset, grow, truncate, make durable.
///
/// **Ownership.** The caller owns the descriptor that [#open] returned until it calls [#close]. A closed descriptor
/// must not be used.
///
/// **Threads.** Every method may be called from any thread, also on one descriptor. An interrupt of the thread neither
/// ends a call nor closes a file.
///
/// **Preconditions** are the same for all methods, and every method checks them. Sizes and offsets are not negative,
/// and `byteOffset + byteSize` does not overflow. Otherwise [IllegalArgumentException] names the value. A method whose
/// [Capability] is missing does nothing: these methods only make a correct program faster, or an error earlier. A call
/// that the kernel refuses throws [SystemCallException].
///
/// All sizes and offsets are in bytes.
public interface Files {

    /// What an implementation can do in addition to reading, writing and syncing.
    enum Capability {
        /// Descriptors can be given to [VirtualMemory#map].
        MAP,
        /// [#allocate].
        ALLOCATE,
        /// [#writeBack].
        WRITE_BACK,
        /// [#advise].
        ADVISE
    }

    /// How a file is opened.
    enum Access {
        /// For reading. The file must exist.
        READ,
        /// For reading and writing. The file must exist.
        READ_WRITE,
        /// For reading and writing. If the file does not exist, an empty file is created.
        CREATE
    }

    /// How a file will be read; see posix_fadvise(2).
    enum Advice {
        /// No special treatment; the default. Ends [#RANDOM] and [#SEQUENTIAL].
        NORMAL,
        /// Do not read ahead.
        RANDOM,
        /// Read ahead far.
        SEQUENTIAL,
        /// Start reading the range now.
        WILL_NEED
    }

    /// The state of a file as the system reports it.
    ///
    /// @param byteSize length of the file in bytes. Some file systems do not report the true length: it is 0 for files
    ///     of proc, and a page for files of sysfs
    /// @param blocks number of 512-byte blocks that the file uses on disk, or 0 if unknown
    /// @param device number of the file system, or 0 if unknown
    /// @param inode number of the file in its file system, or 0 if unknown. With `device` it identifies the file while
    ///     the file is open
    /// @param modifiedNanos time of the last change of the content, in nanoseconds since 1970. Users can set it
    /// @param changedNanos time of the last change of content, length or attributes, in nanoseconds since 1970, or 0 if
    ///     unknown. Users cannot set it
    record Status(long byteSize, long blocks, long device, long inode, long modifiedNanos, long changedNanos) {

        /// {@return a number that differs after each change, as far as the clock of the file system resolves it}
        public long changeMark() {
            return modifiedNanos * 31 + changedNanos;
        }
    }

    /// {@return the files of this system, in the form that goes with [VirtualMemory#system()]}
    static Files system() {
        return AddressSpace.files();
    }

    /// {@return true if this implementation has `capability`}
    ///
    /// @param capability the capability
    boolean can(Capability capability);

    /// Opens a regular file. It never waits for a peer, as opening a pipe would. Child processes do not inherit the
    /// descriptor.
    ///
    /// @param path a path of the default file system
    /// @param access how the file is opened
    /// @return the descriptor
    int open(Path path, Access access);

    /// {@return the state of a file now (fstat(2))}
    ///
    /// @param descriptor descriptor of the file
    Status status(int descriptor);

    /// {@return the length of a file in bytes now}
    ///
    /// @param descriptor descriptor of the file
    long byteSize(int descriptor);

    /// {@return true if the file system allows this file to be mapped; sysfs, 9p and some FUSE file systems do not}
    ///
    /// @param descriptor descriptor of the file
    /// @param writes true if the file is to be mapped for writing too
    default boolean canMap(int descriptor, boolean writes) {
        return can(Capability.MAP);
    }

    /// {@return true if the file ends where [#byteSize] says; files of proc and sysfs do not}
    ///
    /// @param descriptor descriptor of the file
    default boolean tellsLength(int descriptor) {
        return true;
    }

    /// Opens a channel for reading the same file that a descriptor refers to. If a thread that uses the channel is
    /// interrupted, the channel is closed, but the descriptor stays open.
    ///
    /// @param descriptor descriptor of the file
    /// @return the channel, to be closed by the caller
    /// @throws SystemCallException if the system cannot open the file again, for example because the file has no name
    ///     any more
    default FileChannel openChannel(int descriptor) {
        throw new SystemCallException("open", "descriptor=" + descriptor, Errno.EOPNOTSUPP);
    }

    /// Reads from a file at an offset, in as many system calls as needed.
    ///
    /// @param descriptor descriptor of the file
    /// @param to native memory to fill. The owner of the memory cannot free it during the call
    /// @param byteOffset offset in the file in bytes
    /// @return the number of bytes read, from the start of `to`. If it is less than the size of `to`, the file ended
    ///     there, or the next byte cannot be read; a read at that offset reports which
    long read(int descriptor, MemorySegment to, long byteOffset);

    /// Writes to a file at an offset, in as many system calls as needed.
    ///
    /// @param descriptor descriptor of the file
    /// @param from native memory to write. The owner of the memory cannot free it during the call
    /// @param byteOffset offset in the file in bytes, also past the end of the file
    /// @return the number of bytes written, from the start of `from`. If it is less than the size of `from`, the next
    ///     byte cannot be written; a write at that offset reports why
    long write(int descriptor, MemorySegment from, long byteOffset);

    /// Sets the length of a file. A file that grows reads as zero in the added part.
    ///
    /// @param descriptor descriptor of the file
    /// @param byteSize new length in bytes
    void truncate(int descriptor, long byteSize);

    /// Reserves disk space, so that writing the range cannot fail for lack of space. Length and content of the file do
    /// not change.
    ///
    /// @param descriptor descriptor of the file
    /// @param byteOffset start of the range in bytes
    /// @param byteSize size of the range in bytes, positive
    void allocate(int descriptor, long byteOffset, long byteSize);

    /// Makes the content and the length of a file durable, so that they survive a power failure (fdatasync(2)). This
    /// includes all that was written before through any mapping or descriptor.
    ///
    /// @param descriptor descriptor of the file
    void sync(int descriptor);

    /// Makes a range of a file durable, so that it survives a power failure (msync(2) with MS_SYNC, on a mapping
    /// created for it). This includes all that was written to the range before through any mapping or descriptor, and
    /// the length of the file as far as the range reaches. It may also sync other parts of the file.
    ///
    /// If a write-back that the kernel started by itself fails, the next call of this method, of [#sync(int)] or of
    /// [#writeBack] reports the error, whichever range it is for. Only that one call reports it.
    ///
    /// @param descriptor descriptor of the file
    /// @param byteOffset start of the range in bytes
    /// @param byteSize size of the range in bytes, positive
    void sync(int descriptor, long byteOffset, long byteSize);

    /// Starts writing a range to the disk, and waits for writes of the range that are already in flight. This bounds
    /// the dirty memory. It does not make the range durable (sync_file_range(2)).
    ///
    /// @param descriptor descriptor of the file
    /// @param byteOffset start of the range in bytes
    /// @param byteSize size of the range in bytes, positive
    void writeBack(int descriptor, long byteOffset, long byteSize);

    /// Advises the kernel how a range will be read.
    ///
    /// @param descriptor descriptor of the file
    /// @param byteOffset start of the range in bytes
    /// @param byteSize size of the range in bytes, or 0 for all that follows
    /// @param advice the advice
    void advise(int descriptor, long byteOffset, long byteSize, Advice advice);

    /// Closes a descriptor. Ranges that map the file stay mapped.
    ///
    /// @param descriptor the descriptor; it must not be used again, even if this method throws
    void close(int descriptor);
}
