package io.leasehold.holder;

/// The system property that this package reads: `io.leasehold.profile.sampleBytes`, the mean number of allocated bytes
/// between two samples. 0 turns sampling off. A value that is no number, or negative, means the default.
final class SamplerOptions {

    static final String SAMPLE_BYTES = "io.leasehold.profile.sampleBytes";

    /// As in tcmalloc, jemalloc and Go.
    static final long DEFAULT_BYTES = 512 << 10;

    private SamplerOptions() {}

    /// {@return the mean number of bytes between two samples, at most [Sampler#MAX_MEAN_BYTES]}
    static long meanBytes() {
        long given = Long.getLong(SAMPLE_BYTES, DEFAULT_BYTES);
        return given < 0 ? DEFAULT_BYTES : Math.min(given, Sampler.MAX_MEAN_BYTES);
    }
}
