package io.leasehold.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/// Patches the two pools of each copy of Netty when they are loaded, and looks at no other class.
///
/// A copy is refused if one of its pools was loaded before the agent started, or does not have the expected shape. The
/// pools of that copy that are loaded later are not patched either, and one line is printed for the copy. A pool that
/// was patched before the other one was refused stays patched.
///
/// **Threads.** Thread-safe.
final class FacadeTransformer implements ClassFileTransformer {

    private final AgentLog log; // (C)
    private final Map<@Nullable ClassLoader, Set<String>> refused = new WeakHashMap<>(); // (L) this; prefixes of copies

    FacadeTransformer(AgentLog log) {
        this.log = log;
    }

    /// Refuses the copies of Netty with a pool among classes that are loaded already.
    void refuse(Class<?>[] loaded) {
        for (Class<?> type : loaded) {
            String name = type.getName().replace('.', '/');
            if (isPool(name) && isNewlyRefused(type.getClassLoader(), name)) {
                log.problem("a pool of Netty is loaded already, and this copy of Netty keeps its own allocator: class="
                        + type.getName() + ", loader=" + AgentLog.name(type.getClassLoader()));
            }
        }
    }

    /// {@return true if a class is a pool of Netty, relocated or not}
    ///
    /// @param name internal name of the class
    static boolean isPool(String name) {
        return name.endsWith("ByteBufAllocator")
                && (PoolShape.ADAPTIVE.matches(name) || PoolShape.POOLED.matches(name));
    }

    /// {@return true if the copy of a pool was not refused before}
    private synchronized boolean isNewlyRefused(@Nullable ClassLoader loader, String name) {
        return refused.computeIfAbsent(loader, key -> new HashSet<>()).add(PoolShape.copyOf(name));
    }

    private synchronized boolean isRefused(@Nullable ClassLoader loader, String name) {
        return refused.getOrDefault(loader, Set.of()).contains(PoolShape.copyOf(name));
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable Module module,
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] original) {
        if (name == null || !isPool(name)) {
            return null;
        }
        // a class that is redefined keeps its members, or the other agent gets an error
        if (redefined == null ? isRefused(loader, name) : !PoolPatch.isPatched(redefined)) {
            return null;
        }
        String where = "class=" + name.replace('/', '.') + ", loader=" + AgentLog.name(loader);
        try {
            byte[] patched = patch(loader, name, original);
            log.debug("patched a pool: " + where);
            return patched;
        } catch (RuntimeException | Error e) {
            if (isNewlyRefused(loader, name)) {
                log.problem("a pool of Netty keeps its own allocator: " + where + ", cause=" + AgentLog.cause(e));
            }
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
