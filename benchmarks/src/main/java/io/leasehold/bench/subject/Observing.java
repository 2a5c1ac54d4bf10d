package io.leasehold.bench.subject;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.Holder;
import io.leasehold.observe.Profile;
import java.lang.management.ManagementFactory;
import java.util.List;

/// Leasehold's allocator with everything that observes it switched on, and with all of that switched off.
///
/// | name | profile, counters file, JMX beans | tag of the thread or channel |
/// |---|---|---|
/// | [#OBSERVED] | on, as they are by default | yes |
/// | [#UNOBSERVED] | off | no |
///
/// No flight recording runs in either case.
public final class Observing {

    /// Name of the allocator of which everything is observed.
    public static final String OBSERVED = "observed";

    /// Name of the allocator that is not observed.
    public static final String UNOBSERVED = "unobserved";

    /// Both names. The first one is compared with the other.
    public static final List<String> NAMES = List.of(OBSERVED, UNOBSERVED);

    /// Tag of the threads and channels that have one.
    public static final String TAG = "bench";

    private static final List<String> SWITCHES = List.of("io.leasehold.counters", "io.leasehold.jmx");

    private Observing() {}

    /// {@return a new allocator} It must be the first one of its JVM, because the library reads its options once. The
    /// calling thread gets a tag with an observed one, and keeps it.
    ///
    /// @param name one of [#NAMES]
    static LeasedByteBufAllocator open(String name) {
        boolean isOn = name.equals(OBSERVED);
        if (isOn) {
            ManagementFactory.getPlatformMBeanServer(); // the library registers beans only in a server that exists
            Holder.tag(TAG);
        } else {
            SWITCHES.forEach(option -> System.setProperty(option, "false"));
            Profile.sampleBytes(0);
        }
        return LeasedByteBufAllocator.builder().name("bench").build();
    }
}
