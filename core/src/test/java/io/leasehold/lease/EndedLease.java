package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/// Everything that can be done with a lease, done with one that has ended.
///
/// **Threads.** Stateless.
final class EndedLease {

    private EndedLease() {}

    /// Whatever is done with a lease that has ended is refused, and changes nothing.
    static void misuse(LeasePool pool, @Nullable Lease object, long handle) {
        List<ThrowingCallable> uses;
        if (object == null) {
            assertThat(pool.isOpen(handle)).isFalse();
            uses = Arrays.asList(
                    () -> pool.free(handle),
                    () -> pool.address(handle),
                    () -> pool.page(handle),
                    () -> pool.byteSize(handle),
                    () -> pool.ref(handle),
                    () -> pool.handOver(handle),
                    () -> pool.adopt(handle));
        } else {
            assertThat(object.isOpen()).isFalse();
            uses = Arrays.asList(
                    object::close,
                    object::address,
                    object::page,
                    object::byteSize,
                    object::ref,
                    object::handOver,
                    object::segment,
                    () -> object.getLong(0),
                    () -> object.putLong(0, 0));
        }
        for (ThrowingCallable use : uses) {
            assertThatThrownBy(use)
                    .isInstanceOfSatisfying(
                            LeaseStateException.class,
                            e -> assertThat(e.kind()).isIn(StateKind.FREED, StateKind.STALE));
        }
    }

    /// A lease of another pool is refused as well, by its handle.
    static void misuseForeign(LeasePool pool, long handle) {
        refused(StateKind.FOREIGN, () -> pool.free(handle));
        refused(StateKind.FOREIGN, () -> pool.address(handle));
        refused(StateKind.FOREIGN, () -> pool.handOver(handle));
        assertThat(pool.isOpen(handle)).isFalse();
    }

    static void refused(StateKind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
