package io.leasehold.bench.load;

import java.util.random.RandomGenerator;

/// How long the bodies of the web are: a Pareto distribution with scale 1,000 B and shape 1, cut at 1 MiB.
///
/// That is how SURGE models the sizes that a web server is asked for (P. Barford, M. Crovella: Generating
/// Representative Web Workloads for Network and Server Performance Evaluation, SIGMETRICS 1998, pages 151 to 160). The
/// cut is ours. Half of the bodies are below 2 KB, one in a hundred is above 91 KB, and the mean is 7 KB: every power
/// of two carries about the same number of bytes, so no size class is idle.
public final class WebSizes {

    /// The shortest body, in bytes.
    public static final int MIN_BYTES = 1000;

    private WebSizes() {}

    /// {@return the size in bytes that `share` of the bodies do not exceed}
    ///
    /// @param share from 0 to 1
    public static int quantile(double share) {
        double cut = (double) MIN_BYTES / Content.MAX_BYTES;
        return Math.clamp(Math.round(MIN_BYTES / (1 - share * (1 - cut))), MIN_BYTES, Content.MAX_BYTES);
    }

    /// {@return `count` sizes in bytes, in random order}
    ///
    /// One is taken from each of `count` equal shares of the distribution. So the sizes are the same whatever the seed,
    /// and the few large ones, which weigh most, are neither more nor fewer than they should be.
    public static int[] draw(int count, RandomGenerator random) {
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++) {
            int other = random.nextInt(i + 1);
            sizes[i] = sizes[other];
            sizes[other] = quantile((i + 0.5) / count);
        }
        return sizes;
    }
}
