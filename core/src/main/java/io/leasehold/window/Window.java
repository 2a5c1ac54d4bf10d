package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// A part of a file that is lent in place: its bytes at an address, until it is closed. If the file is FOREIGN, or
/// cannot be mapped, the window is a private copy instead.
///
/// **Ownership.** The caller that allocated the window releases it exactly once. Until then its file is neither closed,
/// nor truncated below the end of the slot of the window. After the release its memory must not be accessed: it may
/// show another file.
///
/// **Errors.** The bytes are memory. What a copy reports by an [IOException] is an [InternalError] here, thrown at some
/// point after the access: a disk error, a tmpfs that has no page left for a hole, a file that was truncated although
/// it was opened as IMMUTABLE. A caller that cannot handle this uses [WindowCache#read].
///
/// **Threads.** A window may be handed to another thread, and [#close] is called once. Concurrent stores are ordered by
/// the callers.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>, ubc_alloc and ubc_release
public final class Window implements AutoCloseable {

    private static final VarHandle RELEASED;

    static {
        try {
            RELEASED = MethodHandles.lookup().findVarHandle(Window.class, "released", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final WindowCache cache; // (C)
    final MappedFile file; // (C)
    final @Nullable WindowPool pool; // (C) null for a private copy
    final int slot; // (C)
    final StagingRuns.@Nullable Run copy; // (C) null for a window in place
    final int writeFailures; // (C) number of disk failures when it was lent
    private final long address; // (C)
    private final long byteOffset; // (C)
    private final long byteSize; // (C)
    private final boolean writable; // (C)

    @SuppressWarnings("UnusedVariable") // by its handle
    private boolean released; // (A) compare-and-set

    Window(WindowCache cache, MappedFile file, Loan loan, long byteOffset, long byteSize, boolean writable) {
        this.cache = cache;
        this.file = file;
        this.pool = loan.pool;
        this.slot = loan.slot;
        this.copy = loan.copy;
        this.writeFailures = loan.writeFailures;
        this.address = loan.address;
        this.byteOffset = byteOffset;
        this.byteSize = byteSize;
        this.writable = writable;
    }

    /// The location of the bytes of a window: a pinned slot of a pool, or pages of its own.
    record Loan(@Nullable WindowPool pool, int slot, StagingRuns.@Nullable Run copy, long address, int writeFailures) {}

    /// {@return the address of the first byte, aligned in its page as the offset is in the file}
    ///
    /// @throws WindowStateException if the window is released
    public long address() {
        requireLent();
        return address;
    }

    /// {@return the bytes, read-only unless the window was allocated for writing; not to be used after the release}
    ///
    /// @throws WindowStateException if the window is released
    public MemorySegment segment() {
        requireLent();
        MemorySegment bytes = OffHeap.segment(address, byteSize);
        return writable ? bytes : bytes.asReadOnly();
    }

    /// {@return the offset of the first byte in the file}
    public long byteOffset() {
        return byteOffset;
    }

    /// {@return the size in bytes: the requested size, or less if the slot or the file ends before; a private copy has
    /// at most 256 KiB}
    public long byteSize() {
        return byteSize;
    }

    /// {@return the file}
    public MappedFile file() {
        return file;
    }

    /// {@return true if the window is a private copy: changes of the file are not seen in it}
    public boolean isPrivate() {
        return copy != null;
    }

    /// {@return true if the window was allocated for writing}
    public boolean isWritable() {
        return writable;
    }

    /// Releases the window; it stays mapped for the next access ([WindowCache#release]).
    ///
    /// @throws IOException as [WindowCache#release] describes; the window is released even so
    /// @throws WindowStateException if the window is already released
    @Override
    public void close() throws IOException {
        cache.release(this, 0);
    }

    @Override
    public String toString() {
        return format(
                "Window(file=%s, byteOffset=%d, byteSize=%d%s%s%s)",
                file.path(),
                byteOffset,
                byteSize,
                writable ? ", writable" : "",
                isPrivate() ? ", private" : "",
                (boolean) RELEASED.getAcquire(this) ? ", released" : "");
    }

    /// Marks the window as released.
    ///
    /// @throws WindowStateException if the window is already released
    void end() {
        if (!RELEASED.compareAndSet(this, false, true)) {
            throw released();
        }
    }

    /// {@return the bytes, also after the release}
    MemorySegment bytes() {
        return OffHeap.segment(address, byteSize);
    }

    private void requireLent() {
        if ((boolean) RELEASED.getAcquire(this)) {
            throw released();
        }
    }

    private IllegalStateException released() {
        return new WindowStateException(StateKind.FREED, "window is released: " + this);
    }
}
