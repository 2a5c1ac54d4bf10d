package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The classes that a thread uses are initialized when an allocator, a pool or a cache is opened, and not by its first
/// use. A stack overflow in the initializer of a class makes the class unusable for ever.
class FirstUseTest {

    @ParameterizedTest
    @EnumSource
    void firstUseInitializesNoClass(FirstUseProgram.Kind kind) throws Exception {
        ForkedProgram run = ForkedProgram.of(FirstUseProgram.class)
                .beside(ByteBuf.class, ReferenceCounted.class)
                .with("-Xlog:class+init=info")
                .run(kind.name());
        assertThat(run.exitCode()).as("%s", run).isZero();
        List<String> lines = run.output().lines().toList();
        assertThat(lines).contains(FirstUseProgram.OPEN, FirstUseProgram.USED);
        assertThat(lines.subList(lines.indexOf(FirstUseProgram.OPEN), lines.indexOf(FirstUseProgram.USED)))
                .filteredOn(line -> line.contains("Initializing 'io/leasehold") && !line.contains("(no method)"))
                .filteredOn(line -> !line.contains(" by thread ") || line.endsWith("\"main\""))
                .isEmpty();
    }
}
