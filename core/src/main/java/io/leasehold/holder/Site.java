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

/// The live samples of one source with one tag, one size and one stack. The numbers are estimates.
///
/// @param source source of the blocks
/// @param tag tag of the holder
/// @param byteSize bytes of each block
/// @param stack place where the blocks were allocated
/// @param samples number of samples
/// @param blocks estimated number of blocks in use
/// @param lostSamples number of samples whose user was collected, so that the block leaked
/// @param lostBlocks estimated number of blocks that leaked
/// @param oldestNanos age of the oldest sample in nanoseconds
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
        Map<Key, Site> sites = new LinkedHashMap<>();
        for (MemorySource source : sources) {
            for (Sample sample : source.samples()) {
                Key key = new Key(source, sample.tag(), sample.byteSize(), sample.stack());
                sites.merge(key, of(sample, now), Site::plus);
            }
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
        List<Site> sites = of(sources, Sampler.process().now());
        StringBuilder text = new StringBuilder();
        for (Site site : sites.subList(0, Math.min(maxLines, sites.size()))) {
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
