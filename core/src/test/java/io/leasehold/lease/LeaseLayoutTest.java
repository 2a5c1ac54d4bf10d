package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The bits of handles and words at the ends of their ranges.
class LeaseLayoutTest {

    private static final int LAST_RECORD = LeaseLayout.MAX_RECORDS - 1;
    private static final long LAST_GENERATION = LeaseLayout.GENERATION_MASK;

    @ParameterizedTest
    @ValueSource(ints = {1, LeaseLayout.MAX_TAG})
    void handleKeepsItsThreeParts(int tag) {
        long handle = LeaseLayout.handle(tag, LAST_GENERATION, LAST_RECORD);
        assertThat(LeaseLayout.tag(handle)).isEqualTo(tag);
        assertThat(LeaseLayout.index(handle)).isEqualTo(LAST_RECORD);
        assertThat(LeaseLayout.generationOf(handle)).isEqualTo(LeaseLayout.generation(LAST_GENERATION));
    }

    /// A negative number stands for a lease without a record, and 0 for none.
    @ParameterizedTest
    @ValueSource(ints = {1, LeaseLayout.MAX_TAG})
    void handleIsPositive(int tag) {
        assertThat(LeaseLayout.handle(tag, 0, 0)).isPositive();
        assertThat(LeaseLayout.handle(tag, LAST_GENERATION, LAST_RECORD)).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, LeaseLayout.MAX_TAG})
    void generationWrapsAndLeavesTagAndRecordAlone(int tag) {
        long last = LeaseLayout.handle(tag, LAST_GENERATION, LAST_RECORD);
        assertThat(LeaseLayout.next(last)).isEqualTo(LeaseLayout.handle(tag, 0, LAST_RECORD));
        assertThat(LeaseLayout.freed(LeaseLayout.sharedWord(last))).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, LeaseLayout.ONE_GENERATION, LAST_GENERATION})
    void wordFollowsFromTheHandle(long generation) {
        long handle = LeaseLayout.handle(5, generation, 7);
        assertThat(LeaseLayout.word(handle, LeaseLayout.SHARED))
                .isEqualTo(LeaseLayout.sharedWord(handle))
                .isEqualTo(generation | LeaseLayout.SHARED);
        assertThat(LeaseLayout.word(handle, LeaseLayout.confinedUse())).isEqualTo(LeaseLayout.confinedWord(handle));
        assertThat(LeaseLayout.freed(LeaseLayout.confinedWord(handle)))
                .as("the word of the next lease's record, free")
                .isEqualTo(LeaseLayout.word(LeaseLayout.next(handle), LeaseLayout.FREE));
    }
}
