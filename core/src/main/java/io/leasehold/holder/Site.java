package io.leasehold.holder;

import static io.leasehold.text.Texts.format;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Live samples of one source with one tag, one size and one stack: all of them, or a part. The numbers are estimates.
/// Together, the sites of one tag and one size have exactly the blocks in use ([SiteScaling]).
///
/// @param source source of the blocks
/// @param tag tag of the holder
/// @param byteSize bytes of each block
/// @param stack place where the blocks were allocated, or [CallStack#NOT_SAMPLED]
/// @param samples number of samples; 0 if the place is not known
/// @param blocks estimated number of blocks in use
/// @param lostSamples number of samples whose user was collected, so that the block leaked
/// @param lostBlocks estimated number of blocks that leaked
/// @param oldestNanos age of the oldest sample in nanoseconds; 0 if there is none
/// @param lastTouch last place that one of the samples reached, or null if none was recorded
public record Site(
        MemorySource source,
        Tag tag,
        int byteSize,
        CallStack stack,
        int samples,
        double blocks,
        int lostSamples,
        double lostBlocks,
        long oldestNanos,
        @Nullable String lastTouch) {

    private record Key(MemorySource source, Tag tag, int byteSize, CallStack stack) {}

    /// {@return the estimated bytes in use}
    public double bytes() {
        return blocks * byteSize;
    }

    /// {@return the sites of some sources, the one with the most bytes first}
    ///
    /// @param sources sources to read
    /// @param now time in nanoseconds by the clock of the sampler
    public static List<Site> of(Collection<MemorySource> sources, long now) {
        return merged(ofEachSample(sources, now));
    }

    /// {@return a site for each live sample of some sources, and one for the blocks of each tag and size that no sample
    /// stands for; in any order}
    ///
    /// @param sources sources to read
    /// @param now time in nanoseconds by the clock of the sampler
    public static List<Site> ofEachSample(Collection<MemorySource> sources, long now) {
        List<Site> sites = new ArrayList<>();
        for (MemorySource source : sources) {
            List<Site> samples = new ArrayList<>();
            for (Sample sample : source.samples()) {
                samples.add(of(sample, now));
            }
            sites.addAll(SiteScaling.scaled(source, samples, Sampler.process().wasOff()));
        }
        return sites;
    }

    /// {@return the sums of sites with equal source, tag, size and stack, the one with the most bytes first}
    ///
    /// @param parts sites to add up
    public static List<Site> merged(Collection<Site> parts) {
        Map<Key, Site> sites = new LinkedHashMap<>();
        for (Site part : parts) {
            sites.merge(new Key(part.source, part.tag, part.byteSize, part.stack), part, Site::plus);
        }
        List<Site> sorted = new ArrayList<>(sites.values());
        sorted.sort(Comparator.comparingDouble(Site::bytes).reversed());
        return sorted;
    }

    private static Site of(Sample sample, long now) {
        boolean isLost = sample.isLost();
        return new Site(
                sample.source(),
                sample.tag(),
                sample.byteSize(),
                sample.stack(),
                1,
                sample.weight(),
                isLost ? 1 : 0,
                isLost ? sample.weight() : 0,
                Math.max(0, now - sample.bornNanos()),
                sample.lastTouch());
    }

    /// {@return blocks that no sample stands for}
    static Site notSampled(MemorySource source, Held held, double blocks) {
        int byteSize = Math.toIntExact(held.byteSize());
        return new Site(source, held.tag(), byteSize, CallStack.NOT_SAMPLED, 0, blocks, 0, 0, 0, null);
    }

    Site times(double factor) {
        return new Site(
                source,
                tag,
                byteSize,
                stack,
                samples,
                blocks * factor,
                lostSamples,
                lostBlocks * factor,
                oldestNanos,
                lastTouch);
    }

    private Site plus(Site other) {
        return new Site(
                source,
                tag,
                byteSize,
                stack,
                samples + other.samples,
                blocks + other.blocks,
                lostSamples + other.lostSamples,
                lostBlocks + other.lostBlocks,
                Math.max(oldestNanos, other.oldestNanos),
                (oldestNanos >= other.oldestNanos && lastTouch != null) || other.lastTouch == null
                        ? lastTouch
                        : other.lastTouch);
    }

    /// {@return the largest sites of some sources as lines for an error message, each with a line break before it;
    /// empty if nothing was sampled}
    ///
    /// @param sources sources to read
    /// @param maxLines maximum number of lines
    public static String lines(Collection<MemorySource> sources, int maxLines) {
        StringBuilder text = new StringBuilder();
        List<Site> sites = of(sources, Sampler.process().now());
        for (Site site :
                sites.stream().filter(site -> site.samples > 0).limit(maxLines).toList()) {
            text.append(format(
                    "%n  about %,d B, source=%s, tag=%s, oldest=%,d s, at %s",
                    Math.round(site.bytes()),
                    site.source.name(),
                    site.tag,
                    TimeUnit.NANOSECONDS.toSeconds(site.oldestNanos),
                    site.stack.shortened()));
        }
        return text.toString();
    }
}
