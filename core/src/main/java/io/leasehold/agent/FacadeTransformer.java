package io.leasehold.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;

/// Patches the two pools of each copy of Netty when they are loaded, and looks at no other class.
///
/// **Threads.** Thread-safe.
final class FacadeTransformer implements ClassFileTransformer {

    private final AgentLog log; // (C)

    FacadeTransformer(AgentLog log) {
        this.log = log;
    }

    /// {@return true if a class is a pool of Netty, relocated or not}
    ///
    /// @param name internal name of the class
    static boolean isPool(String name) {
        return name.endsWith("ByteBufAllocator")
                && (PoolShape.ADAPTIVE.matches(name) || PoolShape.POOLED.matches(name));
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable Module module,
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] original) {
        if (name == null || redefined != null || !isPool(name)) {
            return null;
        }
        try {
            byte[] patched = patch(loader, name, original);
            log.debug("patched a pool: class=" + name.replace('/', '.') + ", loader=" + loader);
            return patched;
        } catch (RuntimeException | LinkageError e) {
            log.problem("a pool of Netty keeps its own allocator: class=" + name.replace('/', '.') + ", loader="
                    + loader + ", cause=" + e.getMessage());
            return null;
        }
    }

    private static byte[] patch(@Nullable ClassLoader loader, String name, byte[] original) {
        ClassHierarchyResolver resources = loader == null
                ? ClassHierarchyResolver.defaultResolver()
                : ClassHierarchyResolver.ofResourceParsing(loader).orElse(ClassHierarchyResolver.defaultResolver());
        ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(resources.cached()));
        PoolShape shape = PoolShape.POOLED.matches(name) ? PoolShape.POOLED : PoolShape.ADAPTIVE;
        return new PoolPatch(shape, name).apply(classFile, original);
    }
}
