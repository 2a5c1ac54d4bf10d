package io.leasehold.observe;

import io.leasehold.holder.CallStack;
import io.leasehold.holder.CallStack.Frame;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Site;
import io.leasehold.memory.OptionChecks;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The places that hold memory, estimated from samples: a snapshot.
///
/// On average one block in each 512 KiB of allocated bytes is sampled, with its stack. The samples of each source, tag
/// and size are scaled to the blocks in use, whose number is known. So a place that allocates the blocks of a tag and a
/// size alone is exact, and so is each sum over tags and sizes. Places that share a tag and a size are told apart by
/// the samples only: a place with 64 MiB then has a standard deviation of up to 9 %. Blocks that no sample stands for
/// are shown as `not.sampled`.
///
/// The property `io.leasehold.profile.sampleBytes` sets another mean, and 0 turns sampling off; so does
/// [#sampleBytes(long)]. Blocks that are allocated while sampling is off are not sampled, but a few of them count for
/// the places with the same tag and size that were sampled before.
///
/// Only the buffers of allocators are sampled, direct ones and those on the Java heap. Blocks without buffers are
/// `not.sampled`. Pages, leases and windows have exact counts only ([Holders#exact]).
///
/// **Threads.** Immutable.
public final class Profile {

    /// The profile of an allocator that holds nothing.
    public static final Profile NONE = new Profile(List.of(), List.of());

    private final List<Site> sites; // (C)
    private final Collection<CallStack> allocated; // (C) places of all allocations; empty for a part of the process

    private Profile(List<Site> sites, Collection<CallStack> allocated) {
        this.sites = Collections.unmodifiableList(sites);
        this.allocated = allocated;
    }

    /// {@return the profile of this process now}
    public static Profile now() {
        return new Profile(
                Site.of(MemorySource.all(), Sampler.process().now()),
                List.copyOf(Sampler.process().stacks()));
    }

    /// {@return the profile of the allocators with a name, now; without holders if no open allocator has the name}
    ///
    /// @param source name of the allocator
    public static Profile of(String source) {
        Objects.requireNonNull(source, "source is null");
        return of(MemorySource.all().stream()
                .filter(open -> open.name().equals(source))
                .toList());
    }

    static Profile of(List<MemorySource> sources) {
        return new Profile(Site.of(sources, Sampler.process().now()), List.of());
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

    /// {@return tables of the largest holders by tag, by size, by age and by stack, for people}
    ///
    /// @param rows maximum number of rows of each table, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    public String toTable(int rows) {
        OptionChecks.atLeast("rows", rows, 1);
        return HolderTable.of(holders(), rows);
    }

    @Override
    public String toString() {
        return "Profile(holders=" + sites.size() + ")";
    }
}
