package io.leasehold.bench.result;

/// The texts of a question of the growth benchmark.
///
/// @param id short name, for options, anchors in the page and processes
/// @param title short title
/// @param sentence what is done and what is timed
/// @param growing what `n` counts, with its unit
/// @param unit of the cost of one operation, for example `ns/release`
/// @param touchesAll true if one operation has to touch everything that `n` counts, so that its cost may grow with `n`
public record GrowthTopic(String id, String title, String sentence, String growing, String unit, boolean touchesAll) {}
