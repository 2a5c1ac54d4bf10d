package io.leasehold.holder;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class TagCountsTest {

    private static final int TAGS = 30;
    private static final int SIZES = 40;

    private final Object owner = new Object();
    private final MemorySource source =
            MemorySource.open(SourceKind.ALLOCATOR, "counts", null, owner, of -> List.of(), of -> null);

    @Test
    void findsEachCountAgainWhileTheTableGrows() {
        TagCounts counts = new TagCounts(source, Integer.MAX_VALUE);
        List<TagCount> added = new ArrayList<>();
        for (int tag = 0; tag < TAGS; tag++) {
            for (int size = 1; size <= SIZES; size++) {
                added.add(counts.get(tag(tag), 16 * size));
            }
        }

        assertThat(added).doesNotHaveDuplicates().doesNotContainNull();
        for (int i = 0; i < added.size(); i++) {
            TagCount count = Objects.requireNonNull(added.get(i));
            assertThat(count.tag()).isEqualTo(tag(i / SIZES));
            assertThat(count.byteSize()).isEqualTo(16 * (1 + i % SIZES));
            assertThat(counts.get(tag(i / SIZES), count.byteSize())).isSameAs(count);
        }
        assertThat(counts.all()).containsExactlyInAnyOrderElementsOf(added);
        source.close();
    }

    @Test
    void makesNoMoreCountsThanTheMaximum() {
        TagCounts counts = new TagCounts(source, 3);
        for (int size = 1; size <= 3; size++) {
            assertThat(counts.get(tag(0), size)).isNotNull();
        }

        assertThat(counts.get(tag(0), 4)).isNull();
        assertThat(counts.get(tag(1), 3)).isNull();
        assertThat(counts.get(tag(0), 3)).isNotNull();
        source.close();
    }

    private static Tag tag(int number) {
        return Tag.ofSource("tag-" + number);
    }
}
