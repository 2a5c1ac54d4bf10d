package io.leasehold.window;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Maps each part of one file to its slot in a pool, for readers that take no lock.
///
/// ```text
///   part of the file  0 .. 1023      1024 .. 2047   ...
///   root              [  chunk  ]    [  none  ]     ...        chunks are allocated at the first touch and stay
///   entry             0 never touched | -1 touched once | -2 being mapped | slot + 1
/// ```
///
/// The touch that decides whether a part gets a window is stored in the entry of its slot. So there is no second table
/// to search and to age: a part that lost its slot starts again.
///
/// The slots whose current or last part is of the file form a list, so that closing the file visits no other slots.
///
/// **Threads.** [#slot] and [#touch] by any thread, lock-free; the rest guarded by the lock of the [WindowPool].
///
/// **Memory order.** [#link] releases and [#slot] acquires: a thread that finds a slot sees its mapping. See
/// [SlotWords].
final class WindowTable {

    static final int NO_SLOT = -1;

    /// Number of parts that can have windows; parts behind are read with read(2).
    private static final long MAX_PARTS = 1L << 27;

    private static final int CHUNK_POWER = 10;
    private static final int CHUNK_MASK = (1 << CHUNK_POWER) - 1;
    private static final int TOUCHED = -1;
    private static final int MAPPING = -2;

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(int[].class);

    private static final AtomicLong NEXT_OWNER = new AtomicLong();

    private final long owner = NEXT_OWNER.incrementAndGet() * MAX_PARTS; // (C)
    private volatile int[] @Nullable [] root = new int[0][]; // (L) this to write; elements are set before publication
    private int mappings; // (L) parts that are being mapped

    int firstSlot = SlotLinks.NONE; // (L) of the list of the file
    int slotCount; // (L) in that list

    WindowTable() {
        linkCalls(new int[1]);
    }

    /// Makes each kind of access once. The first one needs Java heap, which may be full while a part is mapped.
    private static void linkCalls(int[] chunk) {
        ENTRY.setRelease(chunk, 0, (int) ENTRY.getAcquire(chunk, 0));
        boolean isSet = (int) ENTRY.getOpaque(chunk, 0) == 0 && ENTRY.compareAndSet(chunk, 0, 0, TOUCHED);
        assert isSet;
    }

    /// {@return true if a part of a file can have a window}
    static boolean reaches(long part) {
        return part < MAX_PARTS;
    }

    /// {@return a value that is unique over all parts of all tables}
    ///
    /// @param part a part that [#reaches] accepts
    long owner(long part) {
        return owner + part;
    }

    /// {@return the slot of a part, or [#NO_SLOT]}
    int slot(long part) {
        int[] chunk = chunk(part);
        int entry = chunk == null ? 0 : (int) ENTRY.getAcquire(chunk, (int) part & CHUNK_MASK);
        return entry > 0 ? entry - 1 : NO_SLOT;
    }

    /// Records a touch.
    ///
    /// @return true if the part was touched before
    boolean touch(long part) {
        int[] chunk = chunkOf(part);
        int index = (int) part & CHUNK_MASK;
        return (int) ENTRY.getOpaque(chunk, index) != 0 || !ENTRY.compareAndSet(chunk, index, 0, TOUCHED);
    }

    /// Marks a part without a slot as being mapped, until [#link] or [#giveUp].
    void startMapping(long part) {
        ENTRY.setRelease(chunkOf(part), (int) part & CHUNK_MASK, MAPPING);
        mappings++;
    }

    boolean isMapping(long part) {
        int[] chunk = chunk(part);
        return chunk != null && (int) ENTRY.getOpaque(chunk, (int) part & CHUNK_MASK) == MAPPING;
    }

    /// {@return true if any part is being mapped}
    boolean isMapping() {
        return mappings > 0;
    }

    /// Ends [#startMapping] without a slot.
    void giveUp(long part) {
        mappings--;
        unlink(part);
    }

    /// Ends [#startMapping] with a slot.
    void link(long part, int slot) {
        mappings--;
        ENTRY.setRelease(chunkOf(part), (int) part & CHUNK_MASK, slot + 1);
    }

    void unlink(long part) {
        ENTRY.setRelease(chunkOf(part), (int) part & CHUNK_MASK, 0);
    }

    private int @Nullable [] chunk(long part) {
        int[] @Nullable [] chunks = root;
        int number = (int) (part >>> CHUNK_POWER);
        return number < chunks.length ? chunks[number] : null;
    }

    private int[] chunkOf(long part) {
        int[] chunk = chunk(part);
        return chunk != null ? chunk : makeChunk(part);
    }

    private synchronized int[] makeChunk(long part) {
        int[] chunk = chunk(part);
        if (chunk == null) {
            int number = (int) (part >>> CHUNK_POWER);
            int[] @Nullable [] chunks = root;
            int[] @Nullable [] larger = Arrays.copyOf(chunks, Math.max(chunks.length, number + 1));
            chunk = new int[1 << CHUNK_POWER];
            larger[number] = chunk;
            root = larger;
        }
        return chunk;
    }
}
