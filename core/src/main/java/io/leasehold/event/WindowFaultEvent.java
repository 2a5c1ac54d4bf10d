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
import jdk.jfr.Throttle;
import org.jspecify.annotations.Nullable;

/// A part of a file was mapped, because an access found it in no window.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.leasehold.WindowFault")
@Label("Window Fault")
@Description("A part of a file was mapped, because it was not in a window")
@Category("Leasehold")
@Enabled(false)
@Registered(false)
@Throttle("300/s")
final class WindowFaultEvent extends Event {

    @Label("File")
    @Nullable String file;

    @Label("Offset")
    @DataAmount
    long offset;

    @Label("Bytes")
    @DataAmount
    long byteSize;

    @Label("Address")
    @MemoryAddress
    long address;

    static void record(Object file, long offset, long byteSize, long address) {
        WindowFaultEvent event = new WindowFaultEvent();
        if (event.shouldCommit()) {
            event.file = String.valueOf(file);
            event.offset = offset;
            event.byteSize = byteSize;
            event.address = address;
            event.commit();
        }
    }
}
