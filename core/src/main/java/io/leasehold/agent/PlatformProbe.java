package io.leasehold.agent;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Calls methods of packages of the JDK that are exported to this class alone, see [PlatformAccess].
///
/// **Threads.** Stateless.
public final class PlatformProbe implements Function<Object, @Nullable Object> {

    /// The property in which the VM reports the option. It is absent if the option is not given. The JDK removes it
    /// from the system properties, and keeps it among those that it saved.
    private static final String MAX_DIRECT_MEMORY = "sun.nio.MaxDirectMemorySize";

    /// Creates the probe.
    public PlatformProbe() {}

    /// {@return for a [Module], true if native access is granted now; otherwise the limit for direct memory in bytes as
    /// a text, or null if the command line does not set a limit}
    ///
    /// @param question a module, or any other object
    @Override
    public @Nullable Object apply(Object question) {
        try {
            return question instanceof Module module ? grant(module) : maxDirectMemory();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the JDK has no such method", e);
        }
    }

    private static Boolean grant(Module module) throws ReflectiveOperationException {
        Object policy = Class.forName("jdk.internal.module.ModuleBootstrap")
                .getMethod("illegalNativeAccess")
                .invoke(null);
        if (String.valueOf(policy).equals("DENY")) {
            return false;
        }
        Object access = Class.forName("jdk.internal.access.SharedSecrets")
                .getMethod("getJavaLangAccess")
                .invoke(null);
        Class.forName("jdk.internal.access.JavaLangAccess")
                .getMethod("addEnableNativeAccess", Module.class)
                .invoke(access, module);
        return true;
    }

    private static @Nullable Object maxDirectMemory() throws ReflectiveOperationException {
        return Class.forName("jdk.internal.misc.VM")
                .getMethod("getSavedProperty", String.class)
                .invoke(null, MAX_DIRECT_MEMORY);
    }
}
