package io.leasehold.window;

import io.leasehold.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// A part of a file that is lent in place: its bytes at an address, until it is closed. Of a file that others may cut,
/// and where nothing can be mapped, it is a private copy instead.
///
/// **Ownership.** Who allocated it releases it, exactly once; until then its file is neither closed nor cut below the
/// end of what the window's slot covers. What it leads to must not be touched afterwards: it may show another file
/// then.
///
/// **Errors.** Its bytes are memory, so what a copy tells by an [IOException] is an [InternalError] here, thrown
/// somewhere behind the access: a disk that fails, a tmpfs that has no page left for a hole, a file that was cut
/// although it was said to be IMMUTABLE. [WindowCache#read] is for who cannot have that.
///
/// **Threads.** May be handed to another thread; [#close] is called once. What several threads store is theirs to
/// order.
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
    final int writeFailures; // (C) of the disk, when it was lent
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

    /// Where the bytes of a window are: in a pinned slot of a pool, or in pages of its own.
    record Loan(@Nullable WindowPool pool, int slot, StagingRuns.@Nullable Run copy, long address, int writeFailures) {}

    /// {@return where its first byte is, at the alignment that its offset has in the file}
    ///
    /// @throws IllegalStateException if it is released
    public long address() {
        requireLent();
        return address;
    }

    /// {@return its bytes, read-only unless it was allocated for writing; not to be used after the release}
    ///
    /// @throws IllegalStateException if it is released
    public MemorySegment segment() {
        requireLent();
        MemorySegment bytes = OffHeap.segment(address, byteSize);
        return writable ? bytes : bytes.asReadOnly();
    }

    /// {@return the place of its first byte in the file}
    public long byteOffset() {
        return byteOffset;
    }

    /// {@return how many bytes it has: what was asked for, or as much as one window or the file holds}
    public long byteSize() {
        return byteSize;
    }

    /// {@return the file that it is a part of}
    public MappedFile file() {
        return file;
    }

    /// {@return whether it is a copy: changes of the file are not seen in it}
    public boolean isPrivate() {
        return copy != null;
    }

    /// {@return whether it was allocated for writing}
    public boolean isWritable() {
        return writable;
    }

    /// Gives it back, to be kept for the next access ([WindowCache#release]).
    ///
    /// @throws IOException if what was written to a private copy cannot be written to the file
    /// @throws IllegalStateException if it is released already
    @Override
    public void close() throws IOException {
        cache.release(this, 0);
    }

    @Override
    public String toString() {
        return "Window(file=%s, byteOffset=%d, byteSize=%d%s%s%s)"
                .formatted(
                        file.path(),
                        byteOffset,
                        byteSize,
                        writable ? ", writable" : "",
                        isPrivate() ? ", private" : "",
                        (boolean) RELEASED.getAcquire(this) ? ", released" : "");
    }

    /// Ends the loan.
    ///
    /// @throws IllegalStateException if it is released already
    void end() {
        if (!RELEASED.compareAndSet(this, false, true)) {
            throw released();
        }
    }

    /// {@return its bytes, also after its end}
    MemorySegment bytes() {
        return OffHeap.segment(address, byteSize);
    }

    private void requireLent() {
        if ((boolean) RELEASED.getAcquire(this)) {
            throw released();
        }
    }

    private IllegalStateException released() {
        return new IllegalStateException("window is released: " + this);
    }
}
