package io.leasehold.lease;

import java.util.concurrent.atomic.AtomicIntegerArray;

/// A slab in small: one lease on a run, sub-let in blocks, each of which goes back by its handle.
///
/// **Ownership.** Owns its lease from the constructor on; closing it ends the lease, once all blocks are back.
///
/// **Threads.** [#let] by one thread, [#release] by any.
final class BlockOwner implements Releaser, AutoCloseable {

    static final int BLOCK_BYTES = 512;

    private final LeasePool pool; // (C)
    private final long lease; // (C)
    private final long address; // (C)
    private final AtomicIntegerArray lives; // (A) by block: odd while it is let, one more with each change

    /// What a holder keeps of a thing: where it is, and the two words that bring it back.
    record Buffer(Releaser owner, long handle, long address) implements AutoCloseable {
        @Override
        public void close() {
            owner.release(handle);
        }
    }

    BlockOwner(LeasePool pool, long lease) {
        this.pool = pool;
        this.lease = pool.handOver(lease);
        this.address = pool.address(this.lease);
        this.lives = new AtomicIntegerArray((int) (pool.byteSize(this.lease) / BLOCK_BYTES));
    }

    Buffer let() {
        for (int block = 0; block < lives.length(); block++) {
            if ((lives.get(block) & 1) == 0) {
                long handle = (long) lives.incrementAndGet(block) << Integer.SIZE | block;
                return new Buffer(this, handle, address + (long) block * BLOCK_BYTES);
            }
        }
        throw new IllegalStateException("no block is free");
    }

    @Override
    public void release(long handle) {
        int life = (int) (handle >>> Integer.SIZE);
        if (!lives.compareAndSet((int) handle, life, life + 1)) {
            throw new IllegalStateException("block is not the holder's any more: 0x" + Long.toHexString(handle));
        }
    }

    @Override
    public void close() {
        for (int block = 0; block < lives.length(); block++) {
            if ((lives.get(block) & 1) != 0) {
                throw new IllegalStateException("block is let: " + block);
            }
        }
        pool.release(lease);
    }
}
