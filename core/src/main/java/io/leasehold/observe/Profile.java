package io.leasehold.observe;

import io.leasehold.holder.CallStack;
import io.leasehold.holder.CallStack.Frame;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Site;
import io.leasehold.memory.OptionChecks;
import io.leasehold.text.Texts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The places that hold memory, estimated from samples: a snapshot.
///
/// On average one block in each 512 KiB of allocated bytes is sampled, with its stack. The samples of each source, tag
/// and size are scaled to the blocks in use, whose number is known. So a place that allocates the blocks of a tag and a
/// size alone is exact, and so is each sum over tags and sizes. Places that share a tag and a size are told apart by
/// the samples only: a place with 64 MiB then has a standard deviation of up to 9 %. It is higher for blocks that were
/// allocated while more than 500 samples a second were due, because fewer are taken then. Blocks that no sample stands
/// for are shown as `not.sampled`.
///
/// The property `io.leasehold.profile.sampleBytes` sets another mean, and 0 turns sampling off; so does
/// [#sampleBytes(long)]. After that a place that is alone may not be exact: blocks that are allocated while sampling is
/// off are not sampled, but a few of them count for the places with the same tag and size that were sampled before.
///
/// Only the buffers of allocators are sampled, direct ones and those on the Java heap. Blocks without buffers are
/// `not.sampled`. Pages, leases and windows have exact counts only ([Holders#exact]).
///
/// **Threads.** Immutable.
public final class Profile {

    /// The profile of an allocator that holds nothing.
    public static final Profile NONE = new Profile(List.of(), List.of());

    private final List<Site> samples; // (C) a site for each sample, and those that no sample stands for
    private final List<Site> sites; // (C) their sums by place, the largest first
    private final Collection<CallStack> allocated; // (C) places of all allocations; empty for a part of the process

    private Profile(List<Site> samples, Collection<CallStack> allocated) {
        this.samples = Collections.unmodifiableList(samples);
        this.sites = Collections.unmodifiableList(Site.merged(samples));
        this.allocated = allocated;
    }

    /// {@return the profile of this process now}
    public static Profile now() {
        return new Profile(
                Site.ofEachSample(MemorySource.all(), Sampler.process().now()),
                List.copyOf(Sampler.process().stacks()));
    }

    /// {@return the profile of the allocators with a name, now; without holders if no open allocator has the name}
    ///
    /// @param source name of the allocator
    public static Profile of(String source) {
        String name = Texts.oneLine(Objects.requireNonNull(source, "source is null"));
        return of(MemorySource.all().stream()
                .filter(open -> open.name().equals(name) || open.name().equals(name + MemorySource.ON_JAVA_HEAP))
                .toList());
    }

    static Profile of(List<MemorySource> sources) {
        return ofSamples(Site.ofEachSample(sources, Sampler.process().now()));
    }

    /// {@return the profile of some samples}
    ///
    /// @param samples a site for each sample
    static Profile ofSamples(List<Site> samples) {
        return new Profile(samples, List.of());
    }

    /// {@return a site for each sample}
    List<Site> samples() {
        return samples;
    }

    /// {@return the mean number of allocated bytes between two samples; 0 if sampling is off}
    public static long sampleBytes() {
        return Sampler.process().meanBytes();
    }

    /// Changes the mean number of allocated bytes between two samples. Existing samples keep their weight. Buffers use
    /// the new mean after some hundred uses.
    ///
    /// @param newSampleBytes mean in bytes, at most 1 TiB, or 0 to turn sampling off
    /// @throws IllegalArgumentException if `newSampleBytes` is negative or too high
    public static void sampleBytes(long newSampleBytes) {
        Sampler.process().meanBytes(newSampleBytes);
    }

    /// {@return the holders, the one with the most bytes first}
    public List<SampledHolder> holders() {
        return sites.stream().map(Profile::holder).toList();
    }

    /// {@return the holders of buffers that were lost without a release, the one with the most lost bytes first}
    ///
    /// A buffer is found lost once the collector has cleared the reference to it. No report is logged, and the answer
    /// is the same until the allocator is closed: lost memory stays in use.
    public List<SampledHolder> leaks() {
        List<SampledHolder> lost = new ArrayList<>(
                holders().stream().filter(holder -> holder.leakedSamples() > 0).toList());
        lost.sort((a, b) -> Long.compare(b.leakedBytes(), a.leakedBytes()));
        return lost;
    }

    /// {@return the leaks for people, merged by stack and tag: their blocks and bytes, and the last owners that touched
    /// them, with the bytes of each}
    ///
    /// @param rows maximum number of leaks, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    public String leakReport(int rows) {
        OptionChecks.atLeast("rows", rows, 1);
        return LeakReport.of(
                "leaked: garbage that was not released",
                samples.stream().filter(sample -> sample.lostSamples() > 0).toList(),
                rows);
    }

    /// {@return the part of this profile that is in use for some time: the samples that are at least that old}
    ///
    /// Old buffers are leaks, or belong to caches and sessions. They are known without a garbage collection, and also
    /// if a reference to a leaked buffer is kept. The part has no allocations in its pprof file.
    ///
    /// @param minAge minimum age, at least 0
    /// @throws IllegalArgumentException if `minAge` is negative
    public Profile olderThan(Duration minAge) {
        long minNanos = nanosOf(minAge);
        return ofSamples(samples.stream()
                .filter(sample -> sample.oldestNanos() >= minNanos)
                .toList());
    }

    /// {@return the memory that may have leaked, for people: samples that are at least some time old, merged as in
    /// [#leakReport]} It is known without a garbage collection ([#olderThan]).
    ///
    /// @param minAge minimum age, at least 0
    /// @param rows maximum number of places, at least 1
    /// @throws IllegalArgumentException if `minAge` is negative, or `rows` is less than 1
    public String suspectReport(Duration minAge, int rows) {
        OptionChecks.atLeast("rows", rows, 1);
        return LeakReport.of(
                "in use for at least " + TimeUnit.NANOSECONDS.toSeconds(nanosOf(minAge)) + " s",
                olderThan(minAge).samples,
                rows);
    }

    private static long nanosOf(Duration minAge) {
        if (Objects.requireNonNull(minAge, "minAge is null").isNegative()) {
            throw new IllegalArgumentException("minAge is too short: minAge=" + minAge + ", min=" + Duration.ZERO);
        }
        return TimeUnit.NANOSECONDS.convert(minAge);
    }

    private static SampledHolder holder(Site site) {
        return new SampledHolder(
                site.source().name(),
                site.tag().name(),
                site.byteSize(),
                site.stack().frames().stream().map(Frame::toString).toList(),
                site.samples(),
                Math.round(site.blocks()),
                Math.round(site.bytes()),
                site.lostSamples(),
                Math.round(site.lostBlocks() * site.byteSize()),
                Duration.ofNanos(site.oldestNanos()),
                site.lastTouch());
    }

    /// {@return the profile as collapsed stacks, which flame graph tools read} Each line has a tag, the frames of a
    /// stack from the outermost one on, and the bytes.
    public String toCollapsed() {
        Map<String, Long> lines = new TreeMap<>();
        for (Site site : sites) {
            List<String> names = new ArrayList<>();
            site.stack().frames().forEach(frame -> names.add(frame.type() + "." + frame.method()));
            names.add(site.tag().name());
            Collections.reverse(names);
            String line = names.stream().map(name -> name.replace(';', ',')).collect(Collectors.joining(";"));
            lines.merge(line, Math.round(site.bytes()), Long::sum);
        }
        return lines.entrySet().stream()
                .map(line -> line.getKey() + " " + line.getValue() + "\n")
                .collect(Collectors.joining());
    }

    /// Writes the profile as a gzip-compressed `profile.proto`, which `go tool pprof` and most profile viewers read.
    /// The sample types are `inuse_objects`, `inuse_space`, `alloc_objects` and `alloc_space`. Samples in use have the
    /// labels `tag`, `source` and `bytes`. Only the profile of the process has allocations: those since it began.
    ///
    /// @param out receives the file; the caller closes it
    /// @throws IOException if `out` fails
    public void writePprof(OutputStream out) throws IOException {
        Pprof pprof = new Pprof();
        for (Site site : sites) {
            pprof.addInUse(site);
        }
        for (CallStack stack : allocated) {
            pprof.addAllocated(stack);
        }
        pprof.write(
                out, System.currentTimeMillis() * 1_000_000, Sampler.process().meanBytes());
    }

    /// {@return the file of [#writePprof]}
    byte[] toPprof() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            writePprof(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // not by an array
        }
        return file.toByteArray();
    }

    /// {@return tables of the largest holders by tag, by size, by age and by stack, for people}
    ///
    /// @param rows maximum number of rows of each table, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    public String toTable(int rows) {
        OptionChecks.atLeast("rows", rows, 1);
        return HolderTable.of(holders(), holdersByAge(), rows);
    }

    /// {@return the holders, with the blocks of each band of the table by age apart}
    private List<SampledHolder> holdersByAge() {
        return samples.stream()
                .collect(Collectors.groupingBy(sample -> HolderTable.ageBand(Duration.ofNanos(sample.oldestNanos()))))
                .values()
                .stream()
                .flatMap(band -> Site.merged(band).stream())
                .map(Profile::holder)
                .toList();
    }

    @Override
    public String toString() {
        return "Profile(holders=" + sites.size() + ")";
    }
}
