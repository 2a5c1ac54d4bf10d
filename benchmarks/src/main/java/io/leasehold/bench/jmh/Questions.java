package io.leasehold.bench.jmh;

import io.leasehold.bench.result.QuestionText;
import io.leasehold.bench.result.QuestionText.CaseText;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// The questions of all benchmark classes.
public final class Questions {

    /// The classes in the order of the report.
    private static final List<Class<?>> CLASSES = List.of(
            BufferPatternBenchmark.class,
            BufferBenchmark.class,
            BufferHandOffBenchmark.class,
            BufferThreadsBenchmark.class,
            BufferScalingBenchmark.class,
            BufferHeapBenchmark.class,
            BufferLargeBenchmark.class,
            BufferGrowthBenchmark.class,
            BufferAccessBenchmark.class,
            JumboBenchmark.class,
            JumboHandOffBenchmark.class,
            JumboReceiveBenchmark.class,
            PageArenaBenchmark.class,
            PageVirtualThreadBenchmark.class,
            PageScalingBenchmark.class,
            LeaseBenchmark.class,
            LeaseScalingBenchmark.class,
            WindowBenchmark.class,
            WindowTraceBenchmark.class,
            WindowHotBenchmark.class,
            WindowRecycleBenchmark.class,
            WindowStreamBenchmark.class,
            WindowPauseBenchmark.class,
            ObserveStepBenchmark.class,
            ObserveBenchmark.class);

    private Questions() {}

    /// {@return the benchmark classes, in the order of the report}
    public static List<Class<?>> classes() {
        return CLASSES;
    }

    /// {@return the question of a class}
    public static Question of(Class<?> type) {
        return Objects.requireNonNull(type.getAnnotation(Question.class), type::getName);
    }

    /// {@return the texts of all questions, in the order of the report}
    public static List<QuestionText> all() {
        return CLASSES.stream().map(Questions::text).toList();
    }

    private static QuestionText text(Class<?> type) {
        Question question = of(type);
        Map<String, CaseText> cases = Arrays.stream(type.getMethods())
                .filter(method -> method.isAnnotationPresent(Case.class))
                .collect(Collectors.toMap(Method::getName, Questions::text));
        return new QuestionText(type.getSimpleName(), question.group(), question.title(), question.sentence(), cases);
    }

    private static CaseText text(Method method) {
        Case named = Objects.requireNonNull(method.getAnnotation(Case.class));
        return new CaseText(named.value(), named.baselineOf());
    }
}
