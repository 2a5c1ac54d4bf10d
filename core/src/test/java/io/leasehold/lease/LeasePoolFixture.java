package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/// What the contracts of [LeasePool] are written against: pools of one engine.
interface LeasePoolFixture {

    /// {@return options of the engine under test; the pool is named "loans"}
    LeasePoolOptions options();

    /// {@return a pool over an arena that suits it}
    LeaseFixture fixture(LeasePoolOptions options);

    default LeaseFixture fixture() {
        return fixture(options());
    }

    /// Expects a call to be refused, and returns the message for more to be said about it.
    default AbstractStringAssert<?> assertRefused(StateKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .message();
    }

    /// {@return a lease that is known to be there}
    static Lease acquired(@Nullable Lease lease) {
        if (lease == null) {
            throw new AssertionError("there was no lease");
        }
        return lease;
    }
}
