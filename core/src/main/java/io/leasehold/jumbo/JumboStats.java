package io.leasehold.jumbo;

/// What a ring has at one moment, and what it has done since it was opened.
///
/// Exact while no other thread uses the ring; otherwise each number is of some moment of the call.
///
/// @param name of the ring
/// @param pages what they are now
/// @param bytes what they cost now
/// @param slabs how the ring grew and shrank
/// @param traffic what became of pages
public record JumboStats(String name, Pages pages, Bytes bytes, Slabs slabs, Traffic traffic) {

    /// Pages by what they are now.
    ///
    /// @param inRing free, leased, armed or held: what the bound is about
    /// @param free at home or in the stock of a shard
    /// @param leased with a holder; those included that were flipped and whose message is not freed yet
    /// @param armed with the kernel
    /// @param held freed while others held them, and waiting for those
    /// @param stolen owned by somebody else
    /// @param dormant in a slab of the ring, but not in service, since the bound is reached
    /// @param peak the most that were ever out or in the stock of a shard at once: never less than were out
    public record Pages(int inRing, int free, int leased, int armed, int held, int stolen, int dormant, int peak) {

        /// @param census how many pages have each state, by ordinal; those that are free count as leased
        /// @param free how many are, of about the same moment
        static Pages of(int[] census, int free, int peak) {
            int unheld = census[JumboState.LEASED.ordinal()];
            int leased = Math.max(0, unheld - free) + census[JumboState.FLIPPED.ordinal()];
            int armed = census[JumboState.ARMED.ordinal()];
            int held = census[JumboState.HELD.ordinal()];
            int stolen = census[JumboState.STOLEN.ordinal()];
            int dormant = census[JumboState.RETIRED.ordinal()];
            return new Pages(free + leased + armed + held, free, leased, armed, held, stolen, dormant, peak);
        }

        /// {@return how many pages are neither free nor stolen}
        public int out() {
            return leased + armed + held;
        }
    }

    /// What the pages cost.
    ///
    /// @param live of pages that are out or stolen
    /// @param pinned of the slabs that hold a page that is not at home, so that they cannot be given back
    /// @param taken of all slabs
    public record Bytes(long live, long pinned, long taken) {}

    /// How the ring grew and shrank.
    ///
    /// @param grows slabs that were added
    /// @param shrinks slabs that were given back
    /// @param retiredPages pages that went with them
    /// @param refusals how often a slab was wanted and the arena had none
    public record Slabs(long grows, long shrinks, long retiredPages, long refusals) {}

    /// What became of pages.
    ///
    /// @param fallbacks allocations that found no page
    /// @param freedReturned pages that were freed and came home
    /// @param freedFlipped messages that were freed and whose page had become a consumer's
    /// @param flips pages that were handed to a consumer
    /// @param copies pages that were copied because they could not be handed over
    /// @param steals pages that were stolen
    /// @param adoptions pages that their owners gave back
    public record Traffic(
            long fallbacks,
            long freedReturned,
            long freedFlipped,
            long flips,
            long copies,
            long steals,
            long adoptions) {}
}
