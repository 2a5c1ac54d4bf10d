package io.leasehold.agent;

import java.util.Set;

/// The members that the agent expects in one of Netty's pools. The shapes are the same from 4.1.118 to 4.1.140 and from
/// 4.2.0 to 4.2.20 (2026-11).
///
/// **Threads.** Immutable.
///
/// @param suffix end of the internal name of the class
/// @param constructor descriptor of the one constructor that calls the constructor of the superclass
/// @param methods names of the methods to patch
/// @param fields names of static fields of type `int` that the inserted code reads
record PoolShape(String suffix, String constructor, Set<String> methods, Set<String> fields) {

    /// Slots of the arguments `nHeapArena`, `nDirectArena` and `directMemoryCacheAlignment` of the pooled constructor.
    static final int HEAP_ARENAS = 2;

    static final int DIRECT_ARENAS = 3;
    static final int ALIGNMENT = 9;

    /// Fields of the pooled class: the numbers of arenas of a pool that is made without a number.
    static final String DEFAULT_HEAP_ARENAS = "DEFAULT_NUM_HEAP_ARENA";

    static final String DEFAULT_DIRECT_ARENAS = "DEFAULT_NUM_DIRECT_ARENA";

    static final PoolShape ADAPTIVE = new PoolShape(
            "io/netty/buffer/AdaptiveByteBufAllocator",
            "(ZZ)V",
            Set.of("newDirectBuffer", "newHeapBuffer", "usedDirectMemory", "usedHeapMemory"),
            Set.of());

    static final PoolShape POOLED = new PoolShape(
            "io/netty/buffer/PooledByteBufAllocator",
            "(ZIIIIIIZI)V",
            Set.of(
                    "newDirectBuffer",
                    "newHeapBuffer",
                    "usedDirectMemory",
                    "usedHeapMemory",
                    "isDirectBufferPooled",
                    "pinnedDirectMemory",
                    "pinnedHeapMemory",
                    "dumpStats"),
            Set.of(DEFAULT_HEAP_ARENAS, DEFAULT_DIRECT_ARENAS));

    /// {@return true if a class of this name is this pool, relocated or not}
    boolean matches(String name) {
        return name.equals(suffix) || name.endsWith("/" + suffix);
    }

    /// {@return text that relocation put before `io/netty/` in the name of a pool, with a slash at the end; or empty}
    static String copyOf(String name) {
        return name.substring(0, name.lastIndexOf("io/netty/"));
    }
}
