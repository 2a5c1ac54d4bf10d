package io.leasehold.page;

import io.leasehold.memory.ShortLock;
import java.util.ArrayList;
import java.util.List;

/// Adds waiters to a queue until the Java heap is full, and prints how many of those that were added are in the queue.
///
/// A collection that grows by doubling needs a large array just when the heap has space for small objects only.
final class RunWaitersProgram {

    private static final int WAITERS = 3 << 18; // a hash table of 2^20 buckets grows with the next one
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int CHUNKS_LEFT = 3;

    private RunWaitersProgram() {}

    public static void main(String[] args) {
        ShortLock lock = new ShortLock();
        lock.lock();
        RunWaiters waiters = new RunWaiters(lock);
        for (int i = 0; i < WAITERS; i++) {
            waiters.add(1, 1, 0);
        }
        int[] added = {WAITERS};
        List<byte[]> chunks = new ArrayList<>(1_000);
        try {
            while (true) {
                chunks.add(new byte[CHUNK_BYTES]);
            }
        } catch (OutOfMemoryError e) {
            chunks.subList(0, CHUNKS_LEFT).clear();
        }
        try {
            for (int i = 0; i < 1_000; i++) {
                waiters.add(1, 1, 0);
                added[0]++;
            }
        } catch (OutOfMemoryError e) {
            chunks.clear();
        }
        chunks.clear();
        System.out.println("added=RunWaiters(" + added[0] + ")");
        System.out.println("queued=" + waiters);
    }
}
