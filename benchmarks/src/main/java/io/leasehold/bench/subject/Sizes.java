package io.leasehold.bench.subject;

import java.util.random.RandomGenerator;

/// Distributions of buffer sizes in servers.
public enum Sizes {
    /// A WebSocket proxy, from the histogram that Netty's own benchmark of allocation patterns replays: tiny frames,
    /// many of exactly 256 B, 636 B and 1 KiB, and one in ten with the size of a TLS record.
    PROXY {
        @Override
        public int next(RandomGenerator random) {
            int left = random.nextInt(PROXY_TOTAL);
            int i = 0;
            while (left >= PROXY_SIZES[i + 1]) {
                left -= PROXY_SIZES[i + 1];
                i += 2;
            }
            return PROXY_SIZES[i];
        }
    },
    /// An API gateway: log-normal, median 2 KiB, 99 % below 20 KiB, at most 1 MiB.
    GATEWAY {
        @Override
        public int next(RandomGenerator random) {
            double bytes = MEDIAN_BYTES * Math.exp(SIGMA * random.nextGaussian());
            return Math.clamp(Math.round(bytes), 8, 1 << 20);
        }
    };

    /// Sizes in bytes, each with its count out of about a thousand.
    private static final int[] PROXY_SIZES = {
        15, 110, 17, 10, 40, 10, 256, 225, 590, 50, 636, 70, 1024, 310, 2048, 28, 2304, 3, 4351, 3, 4574, 5, 8447, 6,
        8670, 4, 16_384, 2, 16_639, 100, 16_862, 4
    };

    private static final int PROXY_TOTAL = 940;

    private static final double MEDIAN_BYTES = 2048;

    /// The 99 % quantile is 2.326 standard deviations above the median.
    private static final double SIGMA = Math.log(10) / 2.326;

    /// {@return the size of the next buffer in bytes}
    ///
    /// @param random source of the choice
    public abstract int next(RandomGenerator random);
}
