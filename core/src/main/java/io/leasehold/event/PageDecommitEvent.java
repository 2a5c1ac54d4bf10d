package io.leasehold.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/// A batch of idle pages was given back to the kernel, or the kernel refused.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.leasehold.PageDecommit")
@Label("Page Decommit")
@Description("A batch of idle pages was given back to the kernel")
@Category("Leasehold")
@Enabled(false)
@Registered(false)
final class PageDecommitEvent extends Event {

    @Label("Arena")
    @Nullable String arena;

    @Label("Runs")
    int runs;

    @Label("Bytes")
    @DataAmount
    long byteSize;

    @Label("Time")
    @Timespan(Timespan.NANOSECONDS)
    long nanos;

    @Label("Succeeded")
    boolean succeeded;

    static void record(String arena, int runs, long byteSize, long nanos, boolean succeeded) {
        PageDecommitEvent event = new PageDecommitEvent();
        if (event.shouldCommit()) {
            event.arena = arena;
            event.runs = runs;
            event.byteSize = byteSize;
            event.nanos = nanos;
            event.succeeded = succeeded;
            event.commit();
        }
    }
}
