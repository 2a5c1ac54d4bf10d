package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The question that a benchmark class asks, and the JVMs in which it is asked.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Question {

    /// {@return the name of its group in `-Dbench=`, for example `page`}
    String group();

    /// {@return a short title}
    String title();

    /// {@return the question in one or more sentences}
    String sentence();

    /// {@return the modes of the JVM; the shorter forms run the first one only}
    JvmMode[] modes() default JvmMode.NATIVE;

    /// {@return the kinds of threads}
    ThreadKind[] threads() default ThreadKind.PLATFORM;
}
