package io.leasehold.agent;

import java.lang.instrument.Instrumentation;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The copies of Netty in this process. A process may have several: in class loaders of applications, or relocated by a
/// library that brings its own.
///
/// **Ownership.** A copy is referenced by its Netty class alone ([ClassValue]), so that a class loader that is dropped
/// takes its copy with it.
///
/// **Threads.** Thread-safe.
final class NettyCopies {

    private static final String BASE = "io.netty.buffer.AbstractByteBufAllocator";

    private static final ClassValue<NettyCopy> OF_CLASS = new ClassValue<>() {
        @Override
        protected NettyCopy computeValue(Class<?> base) {
            return new NettyCopy(base, prefix(base));
        }
    };

    private static final List<WeakReference<NettyCopy>> COPIES = new ArrayList<>(); // (L) this class
    private static volatile @Nullable Agent agent; // (A) set once

    private NettyCopies() {}

    /// The options and services of the started agent, and the limit that all copies share.
    ///
    /// @param budget counts the bytes of all copies
    record Agent(AgentOptions options, Instrumentation instrumentation, SharedBudget budget, PlatformAccess platform) {}

    static void start(AgentOptions options, Instrumentation instrumentation) {
        PlatformAccess platform = new PlatformAccess(instrumentation);
        agent = new Agent(options, instrumentation, new SharedBudget(), platform);
    }

    /// {@return the allocator behind a pool for one kind of memory, or null if the pool keeps its own}
    static @Nullable Object backing(Object pool, boolean isDirect) {
        Agent started = agent;
        return started == null ? null : OF_CLASS.get(base(pool)).backing(pool, isDirect, started);
    }

    /// {@return true if a property sets the number of arenas of the pools of a copy}
    static boolean isArenaCountGiven(Object pool, boolean isDirect) {
        return AgentOptions.isArenaCountGiven(prefix(base(pool)), isDirect);
    }

    /// {@return the class `AbstractByteBufAllocator` of the copy of Netty that a pool belongs to}
    private static Class<?> base(Object pool) {
        Class<?> type = pool.getClass();
        while (!type.getName().endsWith(BASE)) {
            type = type.getSuperclass();
            if (type == null) {
                throw new IllegalStateException("not a pool of Netty: class=" + pool.getClass());
            }
        }
        return type;
    }

    /// {@return the class loader of the library that another copy of the same class loader uses, or null}
    static synchronized @Nullable ClassLoader libraryOf(@Nullable ClassLoader netty) {
        COPIES.removeIf(copy -> copy.get() == null);
        return COPIES.stream()
                .map(WeakReference::get)
                .filter(Objects::nonNull)
                .filter(copy -> isShared(copy.loader(), netty))
                .map(NettyCopy::library)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    static synchronized void add(NettyCopy copy) {
        COPIES.add(new WeakReference<>(copy));
    }

    /// {@return true if both loaders live equally long, so that they may use the same library}
    private static boolean isShared(@Nullable ClassLoader one, @Nullable ClassLoader other) {
        return isPermanent(one) ? isPermanent(other) : Objects.equals(one, other);
    }

    /// {@return true if a class loader is never dropped}
    static boolean isPermanent(@Nullable ClassLoader loader) {
        ClassLoader permanent = ClassLoader.getSystemClassLoader();
        while (permanent != null && !permanent.equals(loader)) {
            permanent = permanent.getParent();
        }
        return permanent != null || loader == null;
    }

    private static String prefix(Class<?> base) {
        return base.getName().substring(0, base.getName().length() - BASE.length());
    }
}
