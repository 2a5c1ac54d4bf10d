package io.leasehold.agent;

import java.util.function.Function;

/// Calls methods of packages of the JDK that are exported to this class alone, see [PlatformAccess].
///
/// **Threads.** Stateless.
public final class PlatformProbe implements Function<Object, Object> {

    /// Creates the probe.
    public PlatformProbe() {}

    /// {@return for a [Module], whether native access is granted now; otherwise the limit for direct memory in bytes}
    ///
    /// @param question a module, or any other object
    @Override
    public Object apply(Object question) {
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

    private static Object maxDirectMemory() throws ReflectiveOperationException {
        return Class.forName("jdk.internal.misc.VM")
                .getMethod("maxDirectMemory")
                .invoke(null);
    }
}
