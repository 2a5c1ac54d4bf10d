package io.leasehold.netty;

import io.leasehold.event.BufferEvents;
import io.leasehold.event.RecordedBuffer;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sample;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Tag;
import io.leasehold.holder.TagCount;
import io.leasehold.holder.ThreadTag;
import io.leasehold.holder.Use;
import io.leasehold.memory.StackReserve;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakHint;
import io.netty.util.ResourceLeakTracker;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One use of a buffer that is sampled, by the leak detector or by the profile, or whose events go to the flight
/// recorder, from its allocation to its release.
///
/// A buffer that is not sampled but allocated on a tagged thread has a [TagCount] in place of this.
///
/// **Threads.** Used by the holder of the buffer.
final class BufferUse implements Use {

    /// Classes whose frames say nothing about the holder.
    private static final Set<String> HIDDEN = Set.of(
            "io.netty.buffer.",
            "io.leasehold.holder.",
            CountedByteBuf.class.getName(),
            BufferUse.class.getName(),
            LeasedByteBuf.class.getName(),
            LeasedHeapByteBuf.class.getName(),
            LeasedByteBufAllocator.class.getName());

    /// The use of a buffer that is not recorded, and whose release must bind its object again.
    static final Use NOT_RECORDED = new BufferUse(null);

    private @Nullable ResourceLeakTracker<ByteBuf> leak; // (O) while the leak detector watches the buffer
    private @Nullable Sample sample; // (O) while the buffer is part of the profile
    private @Nullable TagCount count; // (O) the count of the tag, if the allocating thread had one
    private boolean isInRecording; // (O) the allocation was an event, so the release is one, too

    private BufferUse(@Nullable TagCount count) {
        this.count = count;
    }

    /// {@return the number of uses until the leak detector or the profile is due, as [Sampler#countdown] gives it}
    static int newCountdown(int blockByteSize) {
        return Sampler.process().countdown(blockByteSize, LeakSampling.RATE);
    }

    /// Records the start of a use where that is due: for the tag of the thread, the leak detector, the profile and the
    /// flight recorder.
    ///
    /// If this method throws, the release of the buffer ends what was recorded.
    ///
    /// @param isSampled true if the countdown of the buffer ended: the leak detector or the profile is due
    static void begin(CountedByteBuf buf, boolean isSampled) {
        Tag tag = ThreadTag.isUsed() && buf.external() == null ? ThreadTag.current() : null;
        TagCount count = tag == null ? null : source(buf).count(tag, buf.blockByteSize());
        if (count != null) {
            StackReserve.ensure(); // an overflow between the next two calls would leave a wrong count
            count.add();
            buf.record(count);
        }
        BufferUse sampled = isSampled ? sample(buf, tag, count) : null;
        if (BufferEvents.areWanted() && buf.external() == null) {
            startEvents(buf, sampled, count);
        }
    }

    /// Records the allocation in the flight recorder, and has the release recorded.
    private static void startEvents(CountedByteBuf buf, @Nullable BufferUse sampled, @Nullable TagCount count) {
        BufferUse use = sampled;
        if (use == null) {
            try {
                use = new BufferUse(count);
            } catch (OutOfMemoryError e) {
                return; // the events are lost
            }
            buf.record(use);
        }
        use.isInRecording = true;
        recordAllocation(buf, buf.capacity());
    }

    /// Records that a buffer has its block. If the Java heap is full, this event is lost, and so are the others below.
    private static void recordAllocation(CountedByteBuf buf, int capacity) {
        try {
            BufferEvents.allocated(recorded(buf, capacity));
        } catch (OutOfMemoryError e) {
            // the event is lost
        }
    }

    private static void recordRelease(CountedByteBuf buf) {
        try {
            BufferEvents.freed(recorded(buf, buf.capacity()));
        } catch (OutOfMemoryError e) {
            // the event is lost
        }
    }

    private static RecordedBuffer recorded(CountedByteBuf buf, int capacity) {
        return new RecordedBuffer(
                LeasedByteBufAllocator.class,
                capacity,
                Math.min(buf.blockByteSize(), buf.maxCapacity()),
                buf.maxCapacity(),
                buf.isDirect(),
                buf.isDirect() ? buf.start() : 0);
    }

    private static @Nullable BufferUse sample(CountedByteBuf buf, @Nullable Tag tag, @Nullable TagCount count) {
        Sampler sampler = Sampler.process();
        int countdown = buf.countdown;
        buf.countdown = newCountdown(buf.blockByteSize());
        boolean isProfileDue = sampler.isDue(buf.blockByteSize(), countdown, LeakSampling.CHANCE);
        boolean isProfiled = isProfileDue && buf.external() == null; // external memory has a source of its own
        boolean isWatched = sampler.isOtherDue(isProfileDue, LeakSampling.CHANCE)
                && ResourceLeakDetector.getLevel() == ResourceLeakDetector.Level.SIMPLE
                && LeakSampling.isDue();
        if (!isProfiled && !isWatched) {
            return null;
        }
        StackReserve.ensure(); // an overflow could lose the tracker, and that would report a leak
        BufferUse use = new BufferUse(count);
        buf.record(use);
        if (isProfiled) {
            use.profile(buf, tag, countdown);
        }
        if (isWatched) {
            use.leak = LeakSampling.watch(buf);
        }
        if (use.sample != null || use.leak != null) {
            buf.unbind(); // so that the collector can find the buffer lost
        }
        return use;
    }

    private void profile(CountedByteBuf buf, @Nullable Tag tag, int countdown) {
        MemorySource source = source(buf);
        Tag holder = tag == null ? source.tag() : tag;
        sample = Sampler.process().record(buf, source, holder, buf.blockByteSize(), countdown, HIDDEN);
    }

    private static MemorySource source(CountedByteBuf buf) {
        return buf.heap().source();
    }

    /// Records that a buffer needs a longer block.
    ///
    /// @param use the use of the buffer, or null if nothing is recorded of it
    static void resizing(@Nullable Use use, CountedByteBuf buf, int newCapacity) {
        if (use instanceof BufferUse old && old.isInRecording) {
            try {
                BufferEvents.reallocated(recorded(buf, buf.capacity()), newCapacity);
            } catch (OutOfMemoryError e) {
                // the event is lost
            }
        }
    }

    /// Records that a buffer has a block of another size: the profile treats that as a release and an allocation.
    ///
    /// @param use use of the buffer so far, or null if nothing was recorded
    static void resized(CountedByteBuf buf, @Nullable Use use, int newCapacity) {
        buf.countdown = newCountdown(buf.blockByteSize());
        int countdown = Sampler.process().countdown(buf.blockByteSize(), 0);
        boolean isDue = Sampler.process().isDueAtOnce(buf.blockByteSize(), countdown);
        BufferUse old = use instanceof BufferUse before ? before : null;
        if (old == null && !isDue && use == null) {
            return;
        }
        TagCount count = old != null ? old.count : countOf(use);
        TagCount resized = count == null ? null : count.resized(buf.blockByteSize());
        if (old == null) {
            buf.record(resized == null ? null : resized.ofUnbound()); // the object may be unbound
        } else {
            old.count = resized;
            old.endSample();
        }
        if (isDue) {
            BufferUse sampled = old != null ? old : new BufferUse(resized);
            buf.record(sampled);
            sampled.profile(buf, count == null ? null : count.tag(), countdown);
            if (sampled.sample != null) {
                buf.unbind();
            }
        }
        if (old != null && old.isInRecording) {
            recordAllocation(buf, newCapacity);
        }
    }

    private static @Nullable TagCount countOf(@Nullable Use use) {
        return use instanceof TagCount.OfUnbound unbound ? unbound.count() : (TagCount) use;
    }

    /// Ends what was recorded of a use.
    ///
    /// @param use the use, or null if nothing was recorded
    static void end(@Nullable Use use, CountedByteBuf buf) {
        if (use != null) {
            use.end(buf);
        }
    }

    /// Records that a use reached a place.
    ///
    /// @param use the use, or null if nothing is recorded of it
    static void touch(@Nullable Use use, @Nullable Object hint) {
        if (use instanceof BufferUse sampled) {
            sampled.touch(hint);
        }
    }

    private void endSample() {
        Sample ended = sample;
        if (ended != null) { // else no store: all threads share NOT_RECORDED
            sample = null;
            ended.end();
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
            endSample();
            if (isInRecording) {
                recordRelease((CountedByteBuf) user);
            }
        }
    }

    private void touch(@Nullable Object hint) {
        if (sample != null && hint != null) {
            sample.touch(place(hint));
        }
        if (leak != null) {
            LeakSampling.touch(leak, hint);
        }
    }

    private static String place(Object hint) {
        return switch (hint) {
            case ResourceLeakHint named -> named.toHintString();
            case CharSequence text -> text.toString();
            default -> hint.getClass().getName();
        };
    }
}
