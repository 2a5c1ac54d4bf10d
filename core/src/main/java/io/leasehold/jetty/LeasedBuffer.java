package io.leasehold.jetty;

import io.leasehold.memory.LateFrees;
import io.leasehold.slab.block.Block;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.jspecify.annotations.Nullable;

/// A block as Jetty's buffer. Jetty counts the references, and the last release frees the block.
///
/// If the stack of the last release has no space for the free, the pool frees the block later. The caller could not
/// release again, because Jetty's count is 0 then.
///
/// **Threads.** As for every buffer of Jetty: any thread may count references.
final class LeasedBuffer extends RetainableByteBuffer.FixedCapacity implements LateFrees.Late {

    private final Block block; // (C)
    private final LateFrees late; // (C)

    private LateFrees.@Nullable Late next; // (L) late

    LeasedBuffer(ByteBuffer bytes, Block block, LateFrees late) {
        super(bytes);
        this.block = block;
        this.late = late;
    }

    /// Releases one reference.
    ///
    /// @return true if it was the last one
    /// @throws IllegalStateException if there is no reference left
    /// @throws StackOverflowError if the stack is too short to count; nothing is changed then
    @Override
    public boolean release() {
        boolean isLast = false;
        try {
            isLast = super.release(); // changes the count last: if the stack overflows in it, nothing has changed
            if (isLast) {
                block.close();
            }
        } catch (StackOverflowError e) {
            if (!isLast) {
                throw e;
            }
            synchronized (late) { // the stack has no space for another call
                next = late.first;
                late.first = this;
            }
        }
        return isLast;
    }

    @Override
    public LateFrees.@Nullable Late takeNext() {
        LateFrees.Late taken = next;
        next = null;
        return taken;
    }

    @Override
    public void freeLate() {
        block.close();
    }
}
