package io.leasehold.bench.scenario.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.scenario.growth.GrowthPlan.Batch;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.question.Questions;
import io.leasehold.bench.subject.Form;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrowthPlanTest {

    @Test
    void formsTakeTheDocumentedTime() {
        assertThat(GrowthPlan.of(Form.CI).expectedSeconds()).isBetween(3L, 15L);
        assertThat(GrowthPlan.of(Form.SHORT).expectedSeconds()).isBetween(90L, 180L);
        assertThat(GrowthPlan.of(Form.FULL).expectedSeconds()).isBetween(600L, 1_800L);
    }

    @Test
    void ciMeasuresSmallValuesInOneJvmForEachAllocator() {
        GrowthPlan ci = GrowthPlan.of(Form.CI);

        assertThat(ci.batches()).extracting(Batch::allocator).containsExactly("leased", "adaptive");
        assertThat(ci.budget().toMillis()).isLessThanOrEqualTo(50);
        assertThat(ci.batches().getFirst().tasks())
                .hasSize(2 * Questions.all().size())
                .allMatch(task -> task.question().touchedBytes() * task.n() <= 64 << 20);
    }

    @Test
    void otherFormsHaveOneJvmForEachMeasurement() {
        for (Form form : List.of(Form.SHORT, Form.FULL)) {
            assertThat(GrowthPlan.of(form).batches())
                    .allMatch(batch -> batch.tasks().size() == 1);
        }
        assertThat(values(Form.FULL, "replace"))
                .startsWith(8_192L, 16_384L, 32_768L)
                .endsWith(1_048_576L);
        assertThat(values(Form.SHORT, "replace")).containsExactly(8_192L, 32_768L, 131_072L);
    }

    @Test
    void everyQuestionHasAtLeastThreeValues() {
        for (GrowthQuestion question : Questions.all()) {
            assertThat(question.range().few()).hasSizeGreaterThanOrEqualTo(3);
            assertThat(question.range().all()).containsAll(question.range().few());
            assertThat(question.allocators()).startsWith("leased");
        }
    }

    @Test
    void idsAndTitlesAreUnique() {
        assertThat(Questions.all())
                .extracting(question -> question.topic().id())
                .doesNotHaveDuplicates();
        assertThat(Questions.all())
                .extracting(question -> question.topic().title())
                .doesNotHaveDuplicates();
    }

    @Test
    void selectsOneQuestion() {
        assertThat(GrowthPlan.of(Form.SHORT).only("refusal").batches())
                .isNotEmpty()
                .allMatch(batch -> batch.tasks().getFirst().question().equals(Questions.of("refusal")));
        assertThatThrownBy(() -> GrowthPlan.of(Form.SHORT).only("nonesuch"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nonesuch")
                .hasMessageContaining("refusal");
    }

    private static List<Long> values(Form form, String id) {
        return GrowthPlan.of(form).only(id).batches().stream()
                .filter(batch -> batch.allocator().equals("leased"))
                .map(batch -> batch.tasks().getFirst().n())
                .toList();
    }
}
