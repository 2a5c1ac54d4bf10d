package io.leasehold.observe.counters;

import static io.leasehold.observe.counters.CounterLayout.INT;
import static io.leasehold.observe.counters.CounterLayout.LONG;

import io.leasehold.os.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/// The counters of this process, in a mapped file that other processes read.
///
/// **Ownership.** The file stays when the process ends, so that its last numbers can be read. It is unmapped when this
/// object is unreachable.
///
/// **Threads.** Thread-safe. Counters are allocated and freed under the lock of this object. [#set] takes no lock and
/// allocates nothing; one thread at a time sets a counter.
///
/// **Safety.** The folder belongs to the user, gives other users no permission, and is no symbolic link; otherwise no
/// file is created. On systems without POSIX permissions only the symbolic link is checked. The file is created anew,
/// so that a link with its name is not followed. All its bytes are written before it is mapped, so that a disk that is
/// full refuses them now, and not during a later store.
public final class CounterFile {

    /// The value that is not a counter.
    public static final int NONE = -1;

    private static final String OWNER_ONLY_FOLDER = "rwx------";
    private static final String OWNER_ONLY_FILE = "rw-------";

    /// Maximum number of files of one process: one for each copy of the library in it. An application server that
    /// starts an application again and again makes a copy each time.
    private static final int MAX_COPIES = 8;

    private final Path path; // (C)
    private final MemorySegment file; // (C)
    private int used; // (L) this; counters from here on were never allocated

    private CounterFile(Path path, MemorySegment file) {
        this.path = path;
        this.file = file;
    }

    /// Creates the file of this process.
    ///
    /// @param folder folder of the files of this user; it is created if it does not exist
    /// @return the file, without counters
    /// @throws IOException if the file cannot be created, or other users can change the folder
    public static CounterFile create(Path folder) throws IOException {
        return Uninterrupted.run(() -> createIn(folder));
    }

    private static CounterFile createIn(Path folder) throws IOException {
        boolean isPosix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        createFolder(folder, isPosix);
        StaleFiles.remove(folder);
        ProcessHandle process = ProcessHandle.current();
        Path path = place(folder, process);
        Files.deleteIfExists(path); // left by an earlier process with the same number, or the copy that is idle longest
        return create(path, process, isPosix);
    }

    /// {@return the first free path of a process; if there is none, the path that was not written for the longest time}
    private static Path place(Path folder, ProcessHandle process) throws IOException {
        Path oldest = folder;
        long oldestMillis = Long.MAX_VALUE;
        for (int copy = 1; copy <= MAX_COPIES; copy++) {
            Path path = folder.resolve(process.pid() + (copy == 1 ? "" : "-" + copy));
            if (!StaleFiles.isOf(path, process)) {
                return path;
            }
            long millis = CounterSnapshot.read(path).heartbeatMillis();
            if (millis < oldestMillis) {
                oldest = path;
                oldestMillis = millis;
            }
        }
        return oldest;
    }

    private static void createFolder(Path folder, boolean isPosix) throws IOException {
        try {
            Files.createDirectory(folder, attributes(isPosix, OWNER_ONLY_FOLDER));
        } catch (FileAlreadyExistsException e) {
            checkFolder(folder, isPosix, e);
        }
    }

    private static void checkFolder(Path folder, boolean isPosix, FileAlreadyExistsException e) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("not a folder, or a symbolic link: path=" + folder, e);
        }
        if (isPosix) {
            Set<PosixFilePermission> others = EnumSet.copyOf(permissions(folder));
            others.removeAll(PosixFilePermissions.fromString(OWNER_ONLY_FOLDER));
            if (!others.isEmpty()) {
                throw new IOException("folder is open to other users: path=" + folder + ", permissions="
                        + PosixFilePermissions.toString(permissions(folder)) + ", allowed=" + OWNER_ONLY_FOLDER);
            }
        }
    }

    private static Set<PosixFilePermission> permissions(Path path) throws IOException {
        return Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static CounterFile create(Path path, ProcessHandle process, boolean isPosix) throws IOException {
        Set<StandardOpenOption> isNew =
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(path, isNew, attributes(isPosix, OWNER_ONLY_FILE))) {
            if (isPosix) {
                checkOwner(path);
            }
            ByteBuffer zeroes = ByteBuffer.allocate((int) CounterLayout.FILE_BYTES);
            while (zeroes.hasRemaining()) {
                int _ = channel.write(zeroes);
            }
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, CounterLayout.FILE_BYTES, Arena.ofAuto());
            mapped.set(LONG, CounterLayout.MAGIC_AT, CounterLayout.MAGIC);
            mapped.set(LONG, CounterLayout.PID_AT, process.pid());
            mapped.set(LONG, CounterLayout.STARTED_AT, StaleFiles.startOf(process));
            mapped.set(LONG, CounterLayout.HEARTBEAT_AT, System.currentTimeMillis());
            mapped.set(INT, CounterLayout.METADATA_LENGTH_AT, CounterLayout.METADATA_LENGTH);
            mapped.set(INT, CounterLayout.VALUES_LENGTH_AT, CounterLayout.VALUES_LENGTH);
            CounterLayout.publishInt(mapped, CounterLayout.VERSION_AT, CounterLayout.VERSION);
            return new CounterFile(path, mapped);
        } catch (ClosedByInterruptException e) {
            Files.deleteIfExists(path); // this file, since it did not exist before
            throw e;
        }
    }

    /// Checks that the folder belongs to the user that the new file belongs to.
    private static void checkOwner(Path path) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("no folder: path=" + path);
        }
        PosixFileAttributes of = Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!of.owner().equals(Files.getOwner(path, LinkOption.NOFOLLOW_LINKS))) {
            Files.delete(path);
            throw new IOException("folder belongs to another user: path=" + folder + ", owner=" + of.owner());
        }
    }

    private static FileAttribute<?>[] attributes(boolean isPosix, String permissions) {
        return isPosix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    /// {@return the path of the file}
    public Path path() {
        return path;
    }

    /// Allocates a counter with the value 0.
    ///
    /// @param type number of a [CounterType]
    /// @param owner number of the allocator that it belongs to
    /// @param key bytes of a block for the counters of a size class, negative on the Java heap; otherwise 0
    /// @param label name of the counter, for people; truncated after 380 bytes
    /// @return the counter, or [#NONE] if the file is full
    public synchronized int allocate(int type, int owner, long key, String label) {
        int counter = 0;
        while (counter < used && state(counter) == CounterLayout.ALLOCATED) {
            counter++;
        }
        if (counter == CounterLayout.COUNTERS) {
            return NONE;
        }
        long at = CounterLayout.metadata(counter);
        byte[] text = label.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, CounterLayout.MAX_LABEL_BYTES);
        while (length < text.length && isInsideCharacter(text[length])) {
            length--;
        }
        file.asSlice(at + CounterLayout.TYPE_IN_METADATA, CounterLayout.METADATA_BYTES - Integer.BYTES)
                .fill((byte) 0);
        file.set(INT, at + CounterLayout.TYPE_IN_METADATA, type);
        file.set(INT, at + CounterLayout.KEY_IN_METADATA, owner);
        file.set(LONG, at + CounterLayout.KEY_IN_METADATA + Integer.BYTES, key);
        file.set(INT, at + CounterLayout.LABEL_LENGTH_IN_METADATA, length);
        MemorySegment.copy(MemorySegment.ofArray(text), 0, file, at + CounterLayout.LABEL_IN_METADATA, length);
        file.set(LONG, CounterLayout.value(counter) + CounterLayout.REGISTRATION_IN_VALUE, owner);
        set(counter, 0);
        CounterLayout.publishInt(file, at, CounterLayout.ALLOCATED);
        used = Math.max(used, counter + 1);
        return counter;
    }

    /// {@return true for a byte of UTF-8 that does not begin a character}
    private static boolean isInsideCharacter(byte utf8) {
        return (utf8 & 0xC0) == 0x80;
    }

    private int state(int counter) {
        return file.get(INT, CounterLayout.metadata(counter));
    }

    /// Sets the value of a counter.
    ///
    /// @param counter a counter that was allocated, or [#NONE], which has no effect
    /// @param value the new value
    public void set(int counter, long value) {
        if (counter != NONE) {
            CounterLayout.publishLong(file, CounterLayout.value(counter), value);
        }
    }

    /// Frees a counter.
    ///
    /// @param counter a counter that was allocated, or [#NONE], which has no effect
    public synchronized void free(int counter) {
        if (counter != NONE) {
            CounterLayout.publishInt(file, CounterLayout.metadata(counter), CounterLayout.RECLAIMED);
        }
    }

    /// Records the time of an update.
    ///
    /// @param epochMillis the time, in milliseconds since 1970
    public void beat(long epochMillis) {
        CounterLayout.publishLong(file, CounterLayout.HEARTBEAT_AT, epochMillis);
    }

    @Override
    public String toString() {
        return "CounterFile(" + path + ")";
    }
}
