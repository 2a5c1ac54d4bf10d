package io.leasehold.observe;

import java.time.Duration;

/// The values of a [HoldersMXBean], read from this copy of the library.
///
/// **Threads.** Thread-safe.
final class HoldersBean implements HoldersMXBean {

    @Override
    public String table(int rows) {
        return Holders.toTable(rows);
    }

    @Override
    public String collapsedStacks() {
        return Profile.now().toCollapsed();
    }

    @Override
    public byte[] pprof() {
        return Profile.now().toPprof();
    }

    @Override
    public String leakReport(int rows) {
        return Profile.now().leakReport(rows);
    }

    @Override
    public String suspectReport(long minAgeSeconds, int rows) {
        return Profile.now().suspectReport(Duration.ofSeconds(minAgeSeconds), rows);
    }

    @Override
    public long getSampleBytes() {
        return Profile.sampleBytes();
    }

    @Override
    public void setSampleBytes(long sampleBytes) {
        Profile.sampleBytes(sampleBytes);
    }
}
