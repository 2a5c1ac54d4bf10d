package io.leasehold.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import org.jspecify.annotations.Nullable;

/// A pool of pages for devices added a slab.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.leasehold.RingGrowth")
@Label("Ring Growth")
@Description("A pool of pages for devices added a slab")
@Category("Leasehold")
@Enabled(false)
@Registered(false)
final class RingGrowthEvent extends Event {

    @Label("Pool")
    @Nullable String pool;

    @Label("Bytes")
    @DataAmount
    long byteSize;

    @Label("Pages")
    int pages;

    @Label("Address")
    @MemoryAddress
    long address;

    static void record(String pool, long byteSize, int pages, long address) {
        RingGrowthEvent event = new RingGrowthEvent();
        if (event.shouldCommit()) {
            event.pool = pool;
            event.byteSize = byteSize;
            event.pages = pages;
            event.address = address;
            event.commit();
        }
    }
}
