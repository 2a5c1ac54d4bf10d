package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexSetTest {

    private final IndexSet set = new IndexSet();

    @Test
    void newSetIsEmpty() {
        assertThat(set.isEmpty()).isTrue();
        assertThat(set.first()).isEqualTo(IndexSet.NONE);
        assertThat(set.last()).isEqualTo(IndexSet.NONE);
        assertThat(set.next(5)).isEqualTo(IndexSet.NONE);
        assertThat(set.previous(5)).isEqualTo(IndexSet.NONE);
        assertThat(set.contains(1_000_000)).isFalse();
        set.remove(1_000_000);
        assertThat(set.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 4095, 4096, 4097, 262_143, 262_144, 1 << 24, (1 << 24) + 1})
    void oneMemberIsFoundFromBothSides(int index) {
        set.add(index);
        set.add(index);
        assertThat(set.size()).isEqualTo(1);
        assertThat(set.first()).isEqualTo(index);
        assertThat(set.last()).isEqualTo(index);
        assertThat(set.next(index)).isEqualTo(index);
        assertThat(set.next(index + 1)).isEqualTo(IndexSet.NONE);
        assertThat(set.previous(index)).isEqualTo(index);
        assertThat(set.previous(index - 1)).isEqualTo(IndexSet.NONE);
        assertThat(set.previous(Integer.MAX_VALUE)).isEqualTo(index);
        set.set(index, false);
        assertThat(set.isEmpty()).isTrue();
        assertThat(set.first()).isEqualTo(IndexSet.NONE);
    }

    @Test
    void membersStayWhenTheSetGrows() {
        for (int power = 0; power < 24; power++) {
            set.set(1 << power, true);
        }
        for (int power = 0; power < 24; power++) {
            assertThat(set.next((1 << power) - (1 << power) / 4)).isEqualTo(1 << power);
        }
        assertThat(set.size()).isEqualTo(24);
    }

    @Test
    void capacityThatWasEnsuredIsThereAndChangesNothingElse() {
        set.add(7);
        set.ensureCapacity(100_000);
        set.ensureCapacity(10);
        assertThat(set.last()).isEqualTo(7);
        set.add(99_999);
        assertThat(set.last()).isEqualTo(99_999);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 65, 1000, 5000, 300_000})
    void setDoesWhatATreeSetDoes(int bound) {
        SplittableRandom random = Seeds.random("setDoesWhatATreeSetDoes, " + bound);
        TreeSet<Integer> model = new TreeSet<>();
        for (int step = 0; step < 20_000; step++) {
            int index = random.nextInt(bound);
            boolean isMember = random.nextInt(1000) < (step / 5_000 % 2 == 0 ? 600 : 300);
            set.set(index, isMember);
            if (isMember) {
                model.add(index);
            } else {
                model.remove(index);
            }
            int from = random.nextInt(bound);
            assertThat(set.contains(from)).isEqualTo(model.contains(from));
            assertThat(set.next(from)).isEqualTo(orNone(model.ceiling(from)));
            assertThat(set.previous(from)).isEqualTo(orNone(model.floor(from)));
            assertThat(set.first()).isEqualTo(model.isEmpty() ? IndexSet.NONE : model.first());
            assertThat(set.last()).isEqualTo(model.isEmpty() ? IndexSet.NONE : model.last());
            assertThat(set.size()).isEqualTo(model.size());
        }
    }

    private static int orNone(Integer index) {
        return index == null ? IndexSet.NONE : index;
    }
}
