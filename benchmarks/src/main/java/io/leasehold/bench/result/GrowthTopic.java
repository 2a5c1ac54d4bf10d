package io.leasehold.bench.result;

/// A question of the growth benchmark in words.
///
/// @param id short name, for options, for addresses in the page and for processes
/// @param title a few words
/// @param sentence what is done and what is timed
/// @param growing what `n` counts, with its unit
/// @param unit of the cost of one operation, as `ns/release`
/// @param touchesAll whether one operation has to touch all that `n` counts, so that its cost may grow with `n`
public record GrowthTopic(String id, String title, String sentence, String growing, String unit, boolean touchesAll) {

    /// {@return a question whose operations touch a part of what `n` counts}
    public static GrowthTopic of(String id, String title, String growing, String unit, String sentence) {
        return new GrowthTopic(id, title, sentence, growing, unit, false);
    }

    /// {@return this question, one operation of which touches all that `n` counts}
    public GrowthTopic touchingAll() {
        return new GrowthTopic(id, title, sentence, growing, unit, true);
    }
}
