package io.leasehold.bench.report;

import java.awt.Color;
import java.util.List;
import java.util.Locale;

/// The side that a number belongs to, with its color. Colors are the same in every chart. They come from a palette
/// (Okabe and Ito) that is distinguishable for color-blind readers.
enum Side {
    /// Leasehold.
    LEASED("Leasehold", 0x0072B2),
    /// Netty's newer allocator, its default.
    ADAPTIVE("Netty adaptive", 0xE69F00),
    /// Netty's older allocator.
    POOLED("Netty pooled", 0xCC79A7),
    /// A baseline that is not Netty's.
    OTHER("baseline", 0x009E73),
    /// A second such baseline.
    ANOTHER("another baseline", 0x56B4E9),
    /// A third such baseline.
    THIRD("a third baseline", 0xD55E00),
    /// A fourth such baseline.
    FOURTH("a fourth baseline", 0xF0E442);

    private static final List<Side> OTHERS = List.of(OTHER, ANOTHER, THIRD, FOURTH);

    private final String title;
    private final int rgb;

    Side(String title, int rgb) {
        this.title = title;
        this.rgb = rgb;
    }

    /// {@return the side of an allocator by its name in the results}
    static Side ofAllocator(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /// {@return the side of a baseline by the word that its name adds to the name of the benchmark}
    static Side ofWord(String word) {
        if (word.contains("Adaptive")) {
            return ADAPTIVE;
        }
        return word.contains("Pooled") ? POOLED : OTHER;
    }

    /// {@return the side of a baseline of a case that is not Netty's}
    ///
    /// @param number how many such baselines precede it in the case
    static Side ofOther(int number) {
        return OTHERS.get(Math.min(number, OTHERS.size() - 1));
    }

    String title() {
        return title;
    }

    Color color() {
        return new Color(rgb);
    }

    /// {@return the color for a style sheet}
    String css() {
        return String.format(Locale.ROOT, "#%06x", rgb);
    }
}
