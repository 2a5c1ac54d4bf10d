package io.leasehold.agent;

import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Grants native access, and reads the limit for direct memory. Only internal packages of the JDK can do this.
///
/// The command line names the agent, and that is the consent of the operator. The packages of the JDK are exported to
/// one class ([PlatformProbe]) in a class loader of its own, so that no other code gets access to them. If a later JDK
/// does not have these packages, nothing is granted: the JDK then prints its own warning.
///
/// **Threads.** Thread-safe.
final class PlatformAccess {

    private final Instrumentation instrumentation; // (C)
    private @Nullable Function<Object, @Nullable Object> probe; // (L) this object

    PlatformAccess(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
    }

    /// Grants native access to a module, unless the command line denies it (`--illegal-native-access=deny`).
    void allowNativeAccess(Module module) {
        ask(module);
    }

    /// {@return the limit for direct memory of the JVM, empty if it is not set (`-XX:MaxDirectMemorySize`)}
    OptionalLong maxDirectMemory() {
        return ask("maxDirectMemory") instanceof String bytes
                ? OptionalLong.of(Long.parseLong(bytes))
                : OptionalLong.empty();
    }

    private synchronized @Nullable Object ask(Object question) {
        try {
            if (probe == null) {
                probe = new ProbeLoader().probe(instrumentation);
            }
            return probe.apply(question);
        } catch (ReflectiveOperationException | IOException | RuntimeException | LinkageError e) {
            return null;
        }
    }

    /// Loads one class a second time.
    private static final class ProbeLoader extends ClassLoader {

        ProbeLoader() {
            super("leasehold-probe", null);
        }

        @SuppressWarnings("unchecked")
        Function<Object, @Nullable Object> probe(Instrumentation instrumentation)
                throws ReflectiveOperationException, IOException {
            String file = "/" + PlatformProbe.class.getName().replace('.', '/') + ".class";
            try (InputStream in = PlatformProbe.class.getResourceAsStream(file)) {
                if (in == null) {
                    throw new ClassNotFoundException(file);
                }
                byte[] bytes = in.readAllBytes();
                Class<?> type = defineClass(PlatformProbe.class.getName(), bytes, 0, bytes.length);
                Set<Module> to = Set.of(type.getModule());
                instrumentation.redefineModule(
                        Object.class.getModule(),
                        Set.of(),
                        Map.of("jdk.internal.access", to, "jdk.internal.misc", to, "jdk.internal.module", to),
                        Map.of(),
                        Set.of(),
                        Map.of());
                return (Function<Object, @Nullable Object>)
                        type.getConstructor().newInstance();
            }
        }
    }
}
