package io.leasehold.page.service;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Tag;

/// The limit that refused a request for pages, for the message of the request.
///
/// @param text limit with the name of its arena or budget, for example `budget=process/cache, max=1048576 B`
/// @param budget budget that refused, or the budget of the arena if that has the limit
public record RefusingLimit(String text, MemoryBudget budget) {

    /// {@return the tags that hold the most of the memory that is charged to the budget, as the end of a message; empty
    /// if all of that memory has the tag `known`} Visits all allocators and pools of the budget.
    ///
    /// @param known tag of the object that the message names anyway
    public String topTags(Tag known) {
        return MemorySource.topTags(MemorySource.chargedTo(budget), known);
    }

    @Override
    public String toString() {
        return text;
    }
}
