package io.leasehold.holder;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Scales the estimates of sampled places to the exact number of blocks, which is known for each tag and size.
///
/// ```text
///   samples with one source, tag and size       exact count of the same        scaled
///     stack A   3 samples   about 3,072 B  \                                /  A   4,500 B
///                                           >   6,000 B in use   ---------->
///     stack B   1 sample    about 1,024 B  /                                \  B   1,500 B
///     none                                      2,000 B of another tag         not.sampled   2,000 B
/// ```
///
/// **Error.** This is a ratio estimate. The sum over all places of a tag and a size is exact. If only one place
/// allocates the blocks of a tag and a size, the bytes of that place are exact. Otherwise the exact bytes are split in
/// proportion to the weights of the samples. A block is sampled without regard to its place, so each share is unbiased
/// if there is a sample. Samples of different weights, taken at another pace, add a bias of about one part in the
/// number of samples. The standard deviation of a place with a share `q` of the bytes falls from `sqrt(m / live)` to
/// `sqrt(m * (1 - q) / live)` of its bytes, with the mean `m` of the sampler.
///
/// **Blocks that no sample stands for.** A tag and size without a sample has no place, and its bytes are those of
/// [CallStack#NOT_SAMPLED]. So a place with few samples is too low by the chance that it has none.
///
/// If sampling was off before, an estimate is raised by at most four standard deviations, which the squares of the
/// weights estimate. What is beyond that was allocated without sampling, and has no place either. While sampling was
/// never off, there is no such limit: the mean may have been much higher for a time, and then no sample tells how
/// heavy the missing ones are.
///
/// **Races.** The samples are read first, then the counts. Blocks that are allocated or released in between make the
/// two differ, so a scaled estimate is wrong by at most the part of the blocks that changed meanwhile. An estimate
/// without an exact count stays as it is: the blocks were released meanwhile, or the source has too many tags.
///
/// **Threads.** Stateless.
final class SiteScaling {

    private static final double MAX_DEVIATIONS = 4;

    private SiteScaling() {}

    private record Group(Tag tag, long byteSize) {}

    /// {@return the sites with scaled estimates, and a site without samples for each tag and size that has none}
    ///
    /// @param source source of the sites
    /// @param sites the sites, which were read before
    /// @param wasOff true if blocks in use may have been allocated while sampling was off
    static List<Site> scaled(MemorySource source, Collection<Site> sites, boolean wasOff) {
        if (source.kind() != SourceKind.ALLOCATOR) {
            return List.copyOf(sites);
        }
        Map<Group, List<Site>> groups = new LinkedHashMap<>();
        for (Site site : sites) {
            groups.computeIfAbsent(new Group(site.tag(), site.byteSize()), group -> new ArrayList<>())
                    .add(site);
        }
        List<Site> scaled = new ArrayList<>();
        for (Held held : source.held()) {
            List<Site> group = groups.remove(new Group(held.tag(), held.byteSize()));
            double sampled = group == null ? 0 : addScaled(scaled, group, held.blocks(), wasOff);
            if (Math.round(held.blocks() - sampled) > 0) {
                scaled.add(Site.notSampled(source, held, held.blocks() - sampled));
            }
        }
        groups.values().forEach(scaled::addAll);
        return scaled;
    }

    /// {@return the number of blocks that the sites stand for}
    private static double addScaled(List<Site> scaled, List<Site> group, long blocks, boolean wasOff) {
        double estimate = group.stream().mapToDouble(Site::blocks).sum(); // at least 1: each sample is a block
        double variance = group.stream()
                .mapToDouble(site -> site.blocks() * site.blocks() / site.samples())
                .sum();
        double most = wasOff ? estimate + MAX_DEVIATIONS * Math.sqrt(variance) : Double.MAX_VALUE;
        double sampled = Math.min((double) blocks, most);
        group.forEach(site -> scaled.add(site.times(sampled / estimate)));
        return sampled;
    }
}
