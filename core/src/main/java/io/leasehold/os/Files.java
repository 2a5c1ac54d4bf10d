package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// Regular files of the system by descriptor: read and written at a place, grown, cut, made durable.
///
/// **Ownership.** The caller owns what [#open] returned until it calls [#close]; a descriptor is not used after that.
///
/// **Threads.** Every method may be called from any thread, also on one descriptor. An interrupt of the thread neither
/// ends a call nor closes a file.
///
/// **Preconditions**, the same for all methods and checked by all of them: sizes and offsets are not negative, and
/// `byteOffset + byteSize` does not overflow; else [IllegalArgumentException] names the value. A method whose
/// [Capability] is missing does nothing, as all of these only make a right program faster or an error earlier. A call
/// that the kernel refuses throws [SystemCallException].
///
/// All sizes and offsets are in bytes.
public interface Files {

    /// What an implementation can do beyond reading, writing and syncing.
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
        /// For reading; it must exist.
        READ,
        /// For reading and writing; it must exist.
        READ_WRITE,
        /// For reading and writing; an empty file is made if there is none.
        CREATE
    }

    /// How a file will be read; see posix_fadvise(2).
    enum Advice {
        /// No special treatment; the default. Ends [#RANDOM] and [#SEQUENTIAL].
        NORMAL,
        /// Reading ahead is useless.
        RANDOM,
        /// Read ahead far.
        SEQUENTIAL,
        /// Start reading the range now.
        WILL_NEED
    }

    /// What the system says of a file.
    ///
    /// @param byteSize its length in bytes, as far as the file system tells the truth: files of proc say 0, those of
    ///     sysfs a page
    /// @param blocks number of 512-byte blocks that it has on a disk, or 0 where that is not told
    /// @param device the file system it is on, or 0 where that is not told
    /// @param inode its number there, or 0 where that is not told; with the device, it names the file for as long as it
    ///     is open
    /// @param modifiedNanos when its content changed last, in nanoseconds since 1970; users can set it
    /// @param changedNanos when its content, length or attributes changed last, which users cannot set, or 0 where that
    ///     is not told
    record Status(long byteSize, long blocks, long device, long inode, long modifiedNanos, long changedNanos) {

        /// {@return a number that is another one after each change, as far as the clock of the file system tells}
        public long changeMark() {
            return modifiedNanos * 31 + changedNanos;
        }
    }

    /// {@return the files of this process's system, in the form that goes with [VirtualMemory#system()]}
    static Files system() {
        return AddressSpace.files();
    }

    /// {@return whether this implementation can do `capability`}
    ///
    /// @param capability what is asked for
    boolean can(Capability capability);

    /// Opens a regular file; never waits for one, as opening a pipe would. Child processes do not inherit it.
    ///
    /// @param path a path of the default file system
    /// @param access what for
    /// @return its descriptor
    int open(Path path, Access access);

    /// {@return what the system says of a file now (fstat(2))}
    ///
    /// @param descriptor the file
    Status status(int descriptor);

    /// {@return the length of a file now}
    ///
    /// @param descriptor the file
    long byteSize(int descriptor);

    /// {@return whether the file system lets this file be mapped, as sysfs, 9p and some of FUSE do not}
    ///
    /// @param descriptor the file
    /// @param writes whether it is to be mapped for writing too
    default boolean canMap(int descriptor, boolean writes) {
        return can(Capability.MAP);
    }

    /// {@return whether the file ends where [#byteSize] says; files of proc and sysfs do not}
    ///
    /// @param descriptor the file
    default boolean tellsLength(int descriptor) {
        return true;
    }

    /// Opens a channel of its own for reading the very file that a descriptor is on, for what needs one; an interrupt
    /// of a thread that uses the channel closes it, and nothing else.
    ///
    /// @param descriptor the file
    /// @return the channel, to be closed by the caller
    /// @throws SystemCallException if the system has no way to open the file again, as may be if it has no name any
    ///     more
    default FileChannel openChannel(int descriptor) {
        throw new SystemCallException("open", "descriptor=" + descriptor, Errno.EOPNOTSUPP);
    }

    /// Reads at a place in a file, in as many calls as it takes.
    ///
    /// @param descriptor the file
    /// @param to native memory to fill; its owner cannot free it meanwhile
    /// @param byteOffset place in the file
    /// @return how many bytes were read, from the start of `to`. Fewer than it holds means that the file ended there,
    ///     or that the next byte cannot be read, which a call at that place then says
    long read(int descriptor, MemorySegment to, long byteOffset);

    /// Writes at a place in a file, in as many calls as it takes.
    ///
    /// @param descriptor the file
    /// @param from native memory to write; its owner cannot free it meanwhile
    /// @param byteOffset place in the file, also past its end
    /// @return how many bytes were written, from the start of `from`. Fewer than it holds means that the next byte
    ///     cannot be written, which a call at that place then says
    long write(int descriptor, MemorySegment from, long byteOffset);

    /// Cuts a file, or grows it by what reads as zero.
    ///
    /// @param descriptor the file
    /// @param byteSize its length from now on
    void truncate(int descriptor, long byteSize);

    /// Reserves disk space, so that writing the range cannot fail for want of it. The length of the file and what it
    /// reads as do not change.
    ///
    /// @param descriptor the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range, positive
    void allocate(int descriptor, long byteOffset, long byteSize);

    /// Makes all that was written to a file, by whatever mapping or descriptor, and its length survive a power cut
    /// (fdatasync(2)).
    ///
    /// @param descriptor the file
    void sync(int descriptor);

    /// Makes what was written to a range, by whatever mapping or descriptor, survive a power cut, and the length as far
    /// as that reaches (msync(2) with MS_SYNC, on a mapping made for it). It may do the same for more of the file.
    ///
    /// The error of a range that the kernel tried to write by itself is told by the next call of this kind, of [#sync]
    /// or of [#writeBack], whichever range that is for, and by that one only.
    ///
    /// @param descriptor the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range, positive
    void sync(int descriptor, long byteOffset, long byteSize);

    /// Starts writing a range to the disk and waits for what was under way in it, so that dirty memory stays bounded.
    /// Promises nothing about a power cut (sync_file_range(2)).
    ///
    /// @param descriptor the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range, positive
    void writeBack(int descriptor, long byteOffset, long byteSize);

    /// Tells the kernel how a range will be read.
    ///
    /// @param descriptor the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range, or 0 for all that follows
    /// @param advice how
    void advise(int descriptor, long byteOffset, long byteSize, Advice advice);

    /// Closes a descriptor; ranges that map the file keep it.
    ///
    /// @param descriptor the descriptor, not to be used again also if this throws
    void close(int descriptor);
}
