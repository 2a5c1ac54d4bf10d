package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The pools of the Netty on the class path have the expected shape, and a class of another shape is left alone.
class PoolPatchTest {

    private static final String POOLED = "io/netty/buffer/PooledByteBufAllocator";

    private final FacadeTransformer transformer = new FacadeTransformer(AgentLog.OFF);

    @ParameterizedTest
    @ValueSource(strings = {"io/netty/buffer/AdaptiveByteBufAllocator", POOLED})
    void bothPoolsArePatched(String name) throws IOException {
        byte[] original = classFile(name);
        byte[] patched = transform(name, original);
        assertThat(patched).isNotNull();
        assertThat(ClassFile.of().parse(patched).fields())
                .hasSize(parse(original).fields().size() + 2);
        assertThat(ClassFile.of().parse(patched).methods())
                .hasSize(parse(original).methods().size() + 1);
    }

    @Test
    void otherClassesAreLeftAlone() throws IOException {
        String unpooled = "io/netty/buffer/UnpooledByteBufAllocator";
        assertThat(transform(unpooled, classFile(unpooled))).isNull();
        assertThat(FacadeTransformer.isPool("xio/netty/buffer/PooledByteBufAllocator"))
                .isFalse();
    }

    @Test
    void aPatchedPoolIsNotPatchedAgain() throws IOException {
        byte[] patched = Objects.requireNonNull(transform(POOLED, classFile(POOLED)));
        assertThat(transform(POOLED, patched)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"newDirectBuffer", "usedHeapMemory", "dumpStats", "<init>"})
    void aPoolWithoutAnExpectedMethodIsLeftAlone(String method) throws IOException {
        byte[] other = ClassFile.of()
                .transformClass(
                        parse(classFile(POOLED)),
                        ClassTransform.dropping(element -> element instanceof MethodModel model
                                && model.methodName().equalsString(method)));
        assertThat(transform(POOLED, other)).isNull();
    }

    @Test
    void aFileThatIsNoClassFileIsLeftAlone() {
        assertThat(transform(POOLED, new byte[] {1, 2, 3})).isNull();
    }

    private byte @Nullable [] transform(String name, byte[] classFile) {
        return transformer.transform(null, ByteBufAllocator.class.getClassLoader(), name, null, null, classFile);
    }

    private static ClassModel parse(byte[] classFile) {
        return ClassFile.of().parse(classFile);
    }

    private static byte[] classFile(String name) throws IOException {
        try (InputStream in = ByteBufAllocator.class.getResourceAsStream("/" + name + ".class")) {
            return in.readAllBytes();
        }
    }
}
