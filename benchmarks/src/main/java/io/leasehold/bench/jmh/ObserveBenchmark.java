package io.leasehold.bench.jmh;

/// Direct buffers on an event loop, observed.
@Question(
        group = "observe",
        title = "A direct buffer that is observed",
        sentence = "What does it cost to allocate and release a direct buffer while everything is observed:"
                + " the profile, the counters file, JMX beans, and a tag of the thread? One buffer in 512 KiB"
                + " of allocated bytes is sampled, which the garbage per operation includes.",
        threads = ThreadKind.EVENT_LOOP)
public class ObserveBenchmark extends BufferBenchmark {}
