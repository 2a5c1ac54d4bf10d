package io.leasehold.window;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Which slot of a pool holds which part of one file, for readers that take no lock.
///
/// ```text
///   part of the file  0 .. 1023      1024 .. 2047   ...
///   root              [  chunk  ]    [  none  ]     ...        chunks are made at the first touch and stay
///   entry             0 never touched | -1 touched once | -2 being mapped | slot + 1
/// ```
///
/// The touches that decide whether a part gets a window are kept where its slot would be, so there is no second table
/// to look into and to age: a part that lost its slot starts anew.
///
/// The slots that are or were last mapped to the file are a list of its own, so that its end visits no others.
///
/// **Threads.** [#slot] and [#touch] by any thread, lock-free; the rest guarded by the lock of the [WindowPool].
///
/// **Memory order.** [#link] releases what [#slot] acquires: whoever finds a slot sees it mapped. See [SlotWords].
final class WindowTable {

    static final int NO_SLOT = -1;

    /// Parts that have windows; what lies behind is read without.
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

    /// {@return whether a part of a file can have a window at all}
    static boolean reaches(long part) {
        return part < MAX_PARTS;
    }

    /// {@return what no part of another table has}
    ///
    /// @param part that the table [#reaches]
    long owner(long part) {
        return owner + part;
    }

    /// {@return the slot that a part is in, or [#NO_SLOT]}
    int slot(long part) {
        int[] chunk = chunk(part);
        int entry = chunk == null ? 0 : (int) ENTRY.getAcquire(chunk, (int) part & CHUNK_MASK);
        return entry > 0 ? entry - 1 : NO_SLOT;
    }

    /// Takes note of a touch.
    ///
    /// @return whether it was touched before
    boolean touch(long part) {
        int[] chunk = chunkOf(part);
        int index = (int) part & CHUNK_MASK;
        return (int) ENTRY.getOpaque(chunk, index) != 0 || !ENTRY.compareAndSet(chunk, index, 0, TOUCHED);
    }

    /// Takes note that a thread maps a part, which has no slot, until [#link] or [#giveUp].
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

    /// Ends [#startMapping].
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
