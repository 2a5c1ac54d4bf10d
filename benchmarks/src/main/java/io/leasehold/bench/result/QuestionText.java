package io.leasehold.bench.result;

import java.util.Map;

/// The texts of a question that a JMH benchmark class asks.
///
/// @param className simple name of the class
/// @param group name of the group in `-Dbench=`, for example `page`
/// @param title short title
/// @param sentence the question in one or more sentences
/// @param cases by name of the method
public record QuestionText(String className, String group, String title, String sentence, Map<String, CaseText> cases) {

    /// The text of a method.
    ///
    /// @param name of the case, or of the baseline
    /// @param baselineOf method that this one is compared with; empty for a method of Leasehold
    public record CaseText(String name, String baselineOf) {}
}
