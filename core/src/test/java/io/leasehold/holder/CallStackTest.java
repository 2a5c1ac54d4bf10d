package io.leasehold.holder;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.holder.CallStack.Frame;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The text of a stack, which counter files have, and the stack of a text.
class CallStackTest {

    private static final List<Frame> FRAMES = List.of(
            new Frame("com.acme.Cache", "put", "Cache.java", 47),
            new Frame("com.acme.Web$Handler", "lambda$read$0", "Web.kt", 113),
            new Frame("Main", "<init>", "", 0));

    @Test
    void textHasTheFramesThatItWasMadeOf() {
        assertThat(CallStack.framesOf(new CallStack(FRAMES).shortened())).isEqualTo(FRAMES);
        assertThat(CallStack.framesOf(new CallStack(List.of()).shortened())).isEmpty();
    }

    @Test
    void framesWithoutALineHaveNoFile() {
        assertThat(Frame.of(new Frame("a.B", "c", "B.java", 0).toString())).isEqualTo(new Frame("a.B", "c", "", 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ".", "a.b(C.java", "a.b(C.java:", "a.b(C.java:99999999999)", "(:1)", "a.b()"})
    void anyOtherTextIsAFrameToo(String text) {
        Frame frame = Frame.of(text);
        assertThat(frame.line()).isBetween(0, 1);
        assertThat(text).contains(frame.method()).contains(frame.type()).contains(frame.file());
    }
}
