package io.leasehold.lease;

import java.util.concurrent.atomic.AtomicIntegerArray;

/// A minimal slab: one lease on a run that is split into blocks, each of which is freed by its handle.
///
/// **Ownership.** Owns its lease. Closing it ends the lease, after all blocks were freed.
///
/// **Threads.** One thread calls [#allocate], any thread [#free].
final class BlockOwner implements MemoryOwner, AutoCloseable {

    static final int BLOCK_BYTES = 512;

    private final LeasePool pool; // (C)
    private final long lease; // (C)
    private final long address; // (C)
    private final AtomicIntegerArray generations; // (A) by block: odd while in use, incremented by each change

    /// A block in use: its address, and the releaser and handle that free it.
    record Buffer(MemoryOwner owner, long handle, long address) implements AutoCloseable {
        @Override
        public void close() {
            owner.free(handle);
        }
    }

    BlockOwner(LeasePool pool, long lease) {
        this.pool = pool;
        this.lease = pool.handOver(lease);
        this.address = pool.address(this.lease);
        this.generations = new AtomicIntegerArray((int) (pool.byteSize(this.lease) / BLOCK_BYTES));
    }

    Buffer allocate() {
        for (int block = 0; block < generations.length(); block++) {
            if ((generations.get(block) & 1) == 0) {
                long handle = (long) generations.incrementAndGet(block) << Integer.SIZE | block;
                return new Buffer(this, handle, address + (long) block * BLOCK_BYTES);
            }
        }
        throw new IllegalStateException("no block is free");
    }

    @Override
    public void free(long handle) {
        int generation = (int) (handle >>> Integer.SIZE);
        if (!generations.compareAndSet((int) handle, generation, generation + 1)) {
            throw new IllegalStateException("block is not the holder's any more: 0x" + Long.toHexString(handle));
        }
    }

    @Override
    public void close() {
        for (int block = 0; block < generations.length(); block++) {
            if ((generations.get(block) & 1) != 0) {
                throw new IllegalStateException("block is let: " + block);
            }
        }
        pool.free(lease);
    }
}
