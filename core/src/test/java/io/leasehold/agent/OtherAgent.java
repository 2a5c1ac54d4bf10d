package io.leasehold.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassDefinition;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/// An agent of another vendor, which changes Netty's pools too. Its argument says what it does: `load` loads a pool,
/// `cover` adds a field and code to each pool when the pool is loaded, as tools for code coverage do, and `trace` adds
/// code when [AfterLoading] asks for it.
public final class OtherAgent {

    private static final String[] POOLS = {
        "io.netty.buffer.PooledByteBufAllocator", "io.netty.buffer.AdaptiveByteBufAllocator"
    };

    private static @Nullable Instrumentation instrumentation;
    private static int changes;

    private OtherAgent() {}

    /// Starts the agent.
    public static void premain(String mode, Instrumentation given) throws ClassNotFoundException {
        instrumentation = given;
        switch (mode) {
            case "load" -> Class.forName(POOLS[0]);
            case "cover" -> given.addTransformer(new Change(true));
            case "trace" -> given.addTransformer(new Change(false), true);
            default -> throw new IllegalArgumentException("unknown mode: mode=" + mode);
        }
    }

    /// {@return the jar of this agent, whose classes are on the class path}
    static Path jar(Path folder) throws IOException {
        Path jar = folder.resolve("other-agent.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", OtherAgent.class.getName());
        attributes.putValue("Can-Retransform-Classes", "true");
        attributes.putValue("Can-Redefine-Classes", "true");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out, manifest)) {
            entries.finish();
        }
        return jar;
    }

    /// Changes the pools again when they are loaded. Prints how often a pool was changed.
    static final class AfterLoading {

        private AfterLoading() {}

        static {
            Instrumentation jvm = Objects.requireNonNull(instrumentation, "the agent was not started");
            try {
                for (String pool : POOLS) {
                    Class<?> type = Class.forName(pool);
                    jvm.retransformClasses(type);
                    jvm.redefineClasses(new ClassDefinition(type, classFile(type)));
                }
            } catch (Exception e) {
                throw new LinkageError("a pool cannot be changed again", e);
            }
            System.out.println("changes=" + changes);
        }

        private static byte[] classFile(Class<?> type) throws IOException {
            try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
                return in.readAllBytes();
            }
        }
    }

    /// Adds a call at the start of each method of the pools, and a field if that is allowed.
    private static final class Change implements ClassFileTransformer {

        private final boolean hasField; // (C)

        Change(boolean hasField) {
            this.hasField = hasField;
        }

        @Override
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] original) {
            if (name == null || !name.matches("io/netty/buffer/(Pooled|Adaptive)ByteBufAllocator")) {
                return null;
            }
            changes++;
            ClassFile classFile = ClassFile.of();
            ClassTransform added = ClassTransform.transformingMethodBodies(new Prologue());
            if (hasField) {
                added = added.andThen(ClassTransform.endHandler(
                        builder -> builder.withField("$other", ConstantDescs.CD_int, ClassFile.ACC_STATIC)));
            }
            return classFile.transformClass(classFile.parse(original), added);
        }
    }

    private static final class Prologue implements CodeTransform {

        @Override
        public void atStart(CodeBuilder code) {
            code.invokestatic(ClassDesc.of("java.lang.Thread"), "onSpinWait", MethodTypeDesc.of(ConstantDescs.CD_void));
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            code.with(element);
        }
    }
}
