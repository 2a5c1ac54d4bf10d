package io.leasehold.agent;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// One copy of Netty, and the heap behind its pools. The heap is opened for the first pool. If that fails, all pools of
/// the copy keep their own allocators.
///
/// ```text
///   class loader of Netty:  AbstractByteBufAllocator, the pools
///       ^ parent
///   IntegrationLoader:      io.leasehold.netty, with the names of this copy
///       | other classes of Leasehold
///       v
///   LibraryLoader:          io.leasehold.os ... io.leasehold.slab, one for all copies that live equally long
/// ```
///
/// If the class loader of Netty sees an application's own Leasehold, that library is used instead, so that the process
/// has one library.
///
/// **Threads.** Thread-safe.
final class NettyCopy {

    private static final String HEAP = "io.leasehold.netty.FacadeHeap";

    private final Class<?> base; // (C) AbstractByteBufAllocator of this copy
    private final String prefix; // (C) text that relocation put before `io.netty.`, with a dot at the end; or empty
    private @Nullable ClassLoader library; // (L) this object
    private @Nullable BiFunction<Object, Boolean, Object> heap; // (L) this object
    private boolean isOpened; // (L) this object; true after the first attempt

    NettyCopy(Class<?> base, String prefix) {
        this.base = base;
        this.prefix = prefix;
    }

    @Nullable ClassLoader loader() {
        return base.getClassLoader();
    }

    synchronized @Nullable ClassLoader library() {
        return library;
    }

    /// {@return the allocator behind a pool for one kind of memory, or null if the pool keeps its own}
    synchronized @Nullable Object backing(Object pool, boolean isDirect, NettyCopies.Agent agent) {
        try {
            if (!isOpened) {
                isOpened = true;
                heap = open(agent);
            }
            return heap == null ? null : heap.apply(pool, isDirect);
        } catch (ReflectiveOperationException | RuntimeException | Error e) {
            agent.options()
                    .log()
                    .problem("Netty keeps its own allocator: copy=" + this + ", cause=" + AgentLog.cause(e));
            return null;
        }
    }

    private BiFunction<Object, Boolean, Object> open(NettyCopies.Agent agent) throws ReflectiveOperationException {
        Map<String, Object> options = new HashMap<>();
        options.put("name", agent.options().name());
        OptionalLong limit = agent.options().limit();
        if (limit.isEmpty()) {
            limit = AgentOptions.nettyLimit(prefix);
        }
        limit.ifPresent(bytes -> options.put("limit", bytes));
        OptionalLong budget = agent.options().budget();
        if (budget.isEmpty()) {
            budget = agent.platform().maxDirectMemory();
            budget.ifPresent(bytes -> AgentOptions.checkLimit("-XX:MaxDirectMemorySize", bytes));
        }
        budget.ifPresent(bytes -> options.put("budget", bytes));
        Class<?> entry = entry(agent, options);
        @SuppressWarnings("unchecked")
        BiFunction<Object, Boolean, Object> opened = (BiFunction<Object, Boolean, Object>)
                entry.getMethod("open", Map.class).invoke(null, options);
        NettyCopies.add(this);
        StringBuilder told = new StringBuilder(toString());
        for (String key : new String[] {"name", "limit", "budget"}) {
            if (options.containsKey(key)) {
                told.append(", ").append(key).append('=').append(options.get(key));
            }
        }
        agent.budget()
                .opened(agent.options().log(), told.append(", ").append(opened).toString());
        return opened;
    }

    private Class<?> entry(NettyCopies.Agent agent, Map<String, Object> options) throws ReflectiveOperationException {
        Class<?> own = visible(base.getClassLoader());
        if (own == null || options.containsKey("budget")) { // otherwise the default budget of that library is common
            options.put("total", agent.budget().total());
            options.put("own", agent.budget().own(base.getClassLoader()));
        }
        if (own != null) {
            library = own.getClassLoader();
            if (isNettyOf(library)) {
                return own;
            }
        } else {
            library = NettyCopies.libraryOf(base.getClassLoader());
        }
        if (library == null) {
            LibraryLoader opened = LibraryLoader.open();
            agent.platform().allowNativeAccess(opened.module());
            library = opened;
        }
        return new IntegrationLoader(base.getClassLoader(), library, prefix).loadClass(HEAP);
    }

    /// {@return true if a Leasehold that an application brings uses this copy of Netty, which is not relocated then}
    private boolean isNettyOf(@Nullable ClassLoader leasehold) {
        try {
            return prefix.isEmpty() && Class.forName(base.getName(), false, leasehold) == base;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /// {@return the entry class of a Leasehold that a class loader sees, or null}
    private static @Nullable Class<?> visible(@Nullable ClassLoader loader) {
        try {
            Class<?> entry = Class.forName(HEAP, false, loader);
            entry.getMethod("open", Map.class);
            return entry;
        } catch (ReflectiveOperationException | LinkageError e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return prefix + "io.netty, loader=" + AgentLog.name(base.getClassLoader());
    }
}
