package io.leasehold.bench.jmh;

/// A step of a server's workload, observed.
@Question(
        group = "observe",
        title = "A step of a server's workload that is observed",
        sentence = "What does it cost to replace one of many live buffers, chosen at random, by one of another"
                + " size while everything is observed?",
        threads = ThreadKind.EVENT_LOOP)
public class ObserveStepBenchmark extends BufferPatternBenchmark {}
