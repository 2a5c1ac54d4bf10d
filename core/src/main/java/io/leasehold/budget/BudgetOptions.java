package io.leasehold.budget;

import io.leasehold.memory.OptionChecks;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The options of a budget. Start from [#of] and change the values that differ.
///
/// @param name name in messages and reports
/// @param byteLimit hard limit in bytes. It may exceed the limit of the parent, which then refuses first
/// @param softByteLimit number of bytes beyond which the budget is under pressure, at most the hard limit
/// @param fairShares true to keep each child to its [share][MemoryBudget#shareBytes()] while this budget is under
///     pressure
/// @param pressure reports pressure from elsewhere, for example a [SystemPressure]; null for none. It is asked by
///     threads that reserve bytes, so it must not block. An exception counts as no pressure
/// @param listener receives reservations, releases and refusals; null for none
public record BudgetOptions(
        String name,
        long byteLimit,
        long softByteLimit,
        boolean fairShares,
        @Nullable BooleanSupplier pressure,
        @Nullable BudgetListener listener) {

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if the name is blank, a limit is negative, or the soft limit is more than the
    ///     hard limit
    public BudgetOptions {
        OptionChecks.name(name);
        OptionChecks.atLeast("byteLimit", byteLimit, 0);
        OptionChecks.range("softByteLimit", softByteLimit, 0, byteLimit);
    }

    /// Creates the options of a budget with a hard limit only.
    ///
    /// @param name name in messages and reports
    /// @param byteLimit hard limit in bytes
    /// @return the options
    /// @throws IllegalArgumentException if `byteLimit` is negative, or the name is blank
    public static BudgetOptions of(String name, long byteLimit) {
        OptionChecks.atLeast("byteLimit", byteLimit, 0);
        return new BudgetOptions(name, byteLimit, byteLimit, false, null, null);
    }

    /// {@return these options with another soft limit}
    ///
    /// @param newSoftByteLimit number of bytes beyond which the budget is under pressure
    /// @throws IllegalArgumentException if `newSoftByteLimit` is negative or more than the hard limit
    public BudgetOptions withSoftByteLimit(long newSoftByteLimit) {
        return new BudgetOptions(name, byteLimit, newSoftByteLimit, fairShares, pressure, listener);
    }

    /// {@return these options with or without fair shares}
    ///
    /// @param newFairShares true to keep each child to its share under pressure
    public BudgetOptions withFairShares(boolean newFairShares) {
        return new BudgetOptions(name, byteLimit, softByteLimit, newFairShares, pressure, listener);
    }

    /// {@return these options with another source of pressure}
    ///
    /// @param newPressure reports pressure from elsewhere; null for none
    public BudgetOptions withPressure(@Nullable BooleanSupplier newPressure) {
        return new BudgetOptions(name, byteLimit, softByteLimit, fairShares, newPressure, listener);
    }

    /// {@return these options with another listener}
    ///
    /// @param newListener receives reservations, releases and refusals; null for none
    public BudgetOptions withListener(@Nullable BudgetListener newListener) {
        return new BudgetOptions(name, byteLimit, softByteLimit, fairShares, pressure, newListener);
    }
}
