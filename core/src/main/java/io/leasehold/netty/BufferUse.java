package io.leasehold.netty;

import io.leasehold.holder.Tag;
import io.leasehold.holder.TagCount;
import io.leasehold.holder.ThreadTag;
import io.leasehold.holder.Use;
import io.leasehold.memory.StackReserve;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import org.jspecify.annotations.Nullable;

/// One use of a buffer that a leak detector watches, from its allocation to its release.
///
/// **Threads.** Used by the holder of the buffer.
final class BufferUse implements Use {

    private @Nullable ResourceLeakTracker<ByteBuf> leak; // (O) null if too many buffers were watched lately
    private @Nullable Use count; // (O) the count of the tag, if the allocating thread had one

    private BufferUse() {}

    /// Records the begin of a use where that is due: for the tag of the thread, and for the leak detector.
    ///
    /// @param isSampled true if a sampling leak detector is due
    static void begin(CountedByteBuf buf, boolean isSampled) {
        StackReserve.ensure(); // an overflow could lose a tracker, and that would report a leak
        Tag tag = ThreadTag.isUsed() && buf.external() == null ? ThreadTag.current() : null;
        TagCount count = tag == null ? null : buf.heap().source().count(tag, buf.blockByteSize());
        BufferUse use = null;
        if (isSampled
                && LeakSampling.isChoosing()
                && ResourceLeakDetector.getLevel() == ResourceLeakDetector.Level.SIMPLE) {
            use = new BufferUse(); // before the tracker, which would be lost if the Java heap were full
            use.leak = LeakSampling.watch(buf);
        }
        if (count != null) {
            count.add();
        }
        if (use != null && use.leak != null) {
            use.count = count;
            buf.unbind();
            buf.record(use);
        } else if (count != null) {
            buf.record(count);
        }
    }

    @Override
    public void end(Object user) {
        try {
            if (leak != null) {
                leak.close((ByteBuf) user);
            }
        } finally {
            if (count != null) {
                count.end(user);
            }
        }
    }

    @Override
    public void touch(@Nullable Object hint) {
        if (leak != null) {
            LeakSampling.touch(leak, hint);
        }
    }

    @Override
    public Use resized(int newByteSize) {
        count = count == null ? null : count.resized(newByteSize);
        return this;
    }
}
