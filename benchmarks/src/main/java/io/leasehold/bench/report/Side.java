package io.leasehold.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The side that a number belongs to, with its color. Colors are the same in every chart. They come from a palette
/// (Okabe and Ito) that is distinguishable for color-blind readers.
///
/// @param title for the reader
/// @param rgb its color
/// @param isOurs true for Leasehold
record Side(String title, int rgb, boolean isOurs) {

    static final Side LEASED = new Side("Leasehold", 0x0072B2, true);
    static final Side ADAPTIVE = new Side("Netty adaptive", 0xE69F00, false);
    static final Side POOLED = new Side("Netty pooled", 0xCC79A7, false);

    private static final int RIVAL = 0xD55E00;
    private static final List<Integer> OTHERS = List.of(0x009E73, 0x56B4E9, 0x8C6BB1, 0x7F7F7F);

    /// {@return the side of an allocator by its name in the results: a rival is shown by the simple name of its class,
    /// or as a rival if it has the name of Leasehold}
    static Side ofAllocator(String name) {
        return switch (name) {
            case "leased", "observed" -> LEASED;
            case "adaptive" -> ADAPTIVE;
            case "pooled" -> POOLED;
            case "unobserved" -> other("Leasehold, not observed", 0);
            case "trimmed" -> new Side("Leasehold, trimmed", OTHERS.get(1), true);
            default -> rival(name.substring(name.lastIndexOf('.') + 1));
        };
    }

    /// {@return the side of a class} Each title is unique, because charts know their curves by the title.
    private static Side rival(String className) {
        return new Side(className.equals(LEASED.title) ? className + ", rival" : className, RIVAL, false);
    }

    /// {@return the sides of a comparison by their names in the results}
    ///
    /// @param ours name of Leasehold
    /// @param others names of the baselines, each followed by its title
    static Map<String, Side> named(String ours, String... others) {
        Map<String, Side> sides = new LinkedHashMap<>();
        sides.put(ours, LEASED);
        for (int i = 0; i < others.length; i += 2) {
            sides.put(others[i], other(others[i + 1], i / 2));
        }
        return sides;
    }

    /// {@return the side of a baseline that is not an allocator}
    ///
    /// @param number of such baselines before it in the same case
    static Side other(String title, int number) {
        return new Side(title, OTHERS.get(Math.min(number, OTHERS.size() - 1)), false);
    }

    /// {@return the color for a style sheet}
    String css() {
        return "#%06x".formatted(rgb);
    }
}
