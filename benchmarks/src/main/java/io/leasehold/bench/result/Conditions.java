package io.leasehold.bench.result;

/// How busy the machine was with other work, before and during a run.
///
/// @param quality 0 if the machine was quiet; otherwise the percentage of processor time that the run did not get, at
///     least 1
/// @param loadBefore load average over one minute, before the run
/// @param loadHighest highest load average over one minute during the run
/// @param othersBeforePercent percentage of all processors that other processes used before the run
/// @param othersPercent percentage of all processors that other processes used during the run
/// @param stealPercent percentage of all processors that the hypervisor gave to other guests, before or during the run,
///     whichever is more
public record Conditions(
        int quality,
        double loadBefore,
        double loadHighest,
        double othersBeforePercent,
        double othersPercent,
        double stealPercent) {

    /// The conditions of a run that did not read them.
    public static final Conditions UNKNOWN = new Conditions(0, 0, 0, 0, 0, 0);

    /// Share of the processors in percent beyond which other work is not noise.
    public static final double OTHERS_LIMIT = 10;

    /// Share of the processors in percent beyond which stolen time is not noise.
    public static final double STEAL_LIMIT = 5;

    /// {@return the conditions, with a quality that follows from them}
    ///
    /// @param loadBefore load average before the run
    /// @param loadHighest highest load average during the run
    /// @param othersBefore share of other processes before the run, in percent
    /// @param others share of other processes during the run, in percent
    /// @param steal stolen share before or during the run, whichever is more, in percent
    public static Conditions of(
            double loadBefore, double loadHighest, double othersBefore, double others, double steal) {
        boolean busy = othersBefore > OTHERS_LIMIT || others > OTHERS_LIMIT || steal > STEAL_LIMIT;
        int quality = busy ? (int) Math.max(1, Math.round(Math.max(othersBefore, others) + steal)) : 0;
        return new Conditions(quality, loadBefore, loadHighest, othersBefore, others, steal);
    }

    /// {@return true if other work disturbed the run, so that differences say nothing}
    public boolean disturbed() {
        return quality != 0;
    }
}
