package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.StackReserve;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tests that C2 cannot inline the methods that must not be inlined.
class SlowPathTest {

    /// C2 inlines no longer method, however often it is called (`FreqInlineSize` on all processors).
    private static final int MAX_INLINED_BYTES = 325;

    @ParameterizedTest
    @CsvSource({
        "slab.SlowPath, allocate",
        "slab.SlowPath, free",
        "memory.LongFrames, oneLayer",
        "memory.LongFrames, twoLayers"
    })
    void methodIsTooLongToBeInlined(String type, String method) throws IOException {
        assertThat(codeLength("/io/leasehold/" + type.replace('.', '/') + ".class", method))
                .isGreaterThan(MAX_INLINED_BYTES);
    }

    private static int codeLength(String file, String method) throws IOException {
        try (InputStream bytes = Objects.requireNonNull(StackReserve.class.getResourceAsStream(file))) {
            ClassModel model = ClassFile.of().parse(bytes.readAllBytes());
            return model.methods().stream()
                    .filter(one -> one.methodName().equalsString(method))
                    .map(MethodModel::code)
                    .mapToInt(code -> ((CodeAttribute) code.orElseThrow()).codeLength())
                    .min()
                    .orElseThrow();
        }
    }
}
