package io.leasehold.bench.jmh;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The name of a benchmark method in plain words.
///
/// A method is measured for each value of the parameter `allocator`, if it has one. A method with [#baselineOf] is a
/// baseline of another method of its class. Its parameters are those of the other method, or fewer.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Case {

    /// {@return the name of the case, or of the baseline if it is one}
    String value();

    /// {@return the method that this one is compared with; empty for a method of Leasehold}
    String baselineOf() default "";
}
