package io.leasehold.bench.scenario.load;

import java.util.random.RandomGenerator;

/// The lengths of bodies on the web: a Pareto distribution with scale 1,000 B and shape 1, limited to 1 MiB.
///
/// SURGE models the sizes of answers of a web server like this (P. Barford, M. Crovella: Generating Representative Web
/// Workloads for Network and Server Performance Evaluation, SIGMETRICS 1998, pages 151 to 160). The limit is our
/// addition. Half of the bodies are below 2 KB, one in a hundred is above 91 KB, and the mean is 7 KB. Every power of
/// two has about the same number of bytes, so all size classes are used.
public final class WebSizes {

    /// Minimum length of a body in bytes.
    public static final int MIN_BYTES = 1000;

    private WebSizes() {}

    /// {@return the size in bytes that a share of the bodies does not exceed}
    ///
    /// @param share from 0 to 1
    public static int quantile(double share) {
        double tail = (double) MIN_BYTES / Content.MAX_BYTES;
        return Math.clamp(Math.round(MIN_BYTES / (1 - share * (1 - tail))), MIN_BYTES, Content.MAX_BYTES);
    }

    /// {@return `count` sizes in bytes, in random order}
    ///
    /// One size is drawn from each of `count` equal shares of the distribution. So the sizes are the same for all
    /// seeds, and the number of large sizes, which dominate the load, is exact.
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
