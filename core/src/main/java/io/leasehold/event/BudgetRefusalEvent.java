package io.leasehold.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import jdk.jfr.Throttle;
import org.jspecify.annotations.Nullable;

/// A budget rejected a reservation. A server at its limit may be refused all the time, so the rate is limited.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.leasehold.BudgetRefusal")
@Label("Budget Refusal")
@Description("A budget rejected a reservation")
@Category("Leasehold")
@Enabled(false)
@Registered(false)
@Throttle("100/s")
final class BudgetRefusalEvent extends Event {

    @Label("Budget")
    @Nullable String budget;

    @Label("Requested Bytes")
    @DataAmount
    long byteSize;

    @Label("Used Bytes")
    @DataAmount
    long usedBytes;

    @Label("Limit")
    @DataAmount
    long limitBytes;

    static void record(String budget, long byteSize, long usedBytes, long limitBytes) {
        BudgetRefusalEvent event = new BudgetRefusalEvent();
        if (event.shouldCommit()) {
            event.budget = budget;
            event.byteSize = byteSize;
            event.usedBytes = usedBytes;
            event.limitBytes = limitBytes;
            event.commit();
        }
    }
}
