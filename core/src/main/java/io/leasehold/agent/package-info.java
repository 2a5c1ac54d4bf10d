/// An agent that puts Leasehold behind Netty's own pools, for servers that offer no option for an allocator.
///
/// `java -javaagent:leasehold-core-<version>-agent.jar -jar server.jar` is enough. The options are in `AgentOptions`.
///
/// ```text
///   AgentEntry           start, before the main method, in any JVM
///     LeaseholdAgent       start in a JVM that is new enough, once
///     AgentOptions         options, checked
///     FacadeTransformer    is called for each class that is loaded
///       PoolPatch            changes the two pools of Netty
///   FacadeHook           is called by a pool under construction
///     NettyCopies          one NettyCopy for each copy of Netty
///       LibraryLoader        Leasehold, in a module of its own
///       IntegrationLoader    io.leasehold.netty, with the names of the copy (Relocation)
///     SharedBudget         one limit for all copies
///     PlatformAccess       native access for that module
/// ```
///
/// ## Patched methods
///
/// * `AdaptiveByteBufAllocator`: the constructor with two parameters, `newDirectBuffer`, `newHeapBuffer`,
///   `usedDirectMemory`, `usedHeapMemory`.
/// * `PooledByteBufAllocator`: the constructor with nine parameters, the same four methods, `isDirectBufferPooled`,
///   `pinnedDirectMemory`, `pinnedHeapMemory`, `dumpStats`.
///
/// ## Why
///
/// * **Netty's pools are facades.** Servers compare the class of the allocator of a buffer with Netty's two pools, make
///   pools of their own, or use `PooledByteBufAllocator.DEFAULT`. An allocator that only replaces
///   `ByteBufAllocator.DEFAULT` leaks almost every buffer under Vert.x, which takes a buffer of an unknown class for
///   one that needs no release.
/// * **The original bodies stay.** If anything fails, a pool works as before. So a class that does not have the
///   expected shape, and a copy of Netty that was loaded before the agent, only cost one line on the standard error
///   stream. The same holds for a wrong option and a JVM that is too old.
/// * **Other agents may change the pools too**, before or after this one. A class that another agent redefines is
///   patched again. Tried with the agents of OpenTelemetry 2.20.1 and JaCoCo 0.8.15.
/// * **Netty's own tests of its two pools** (4.2.18, on 4.2.20): 142 of 174 pass under the agent. 19 of the other 32
///   look inside: 7 ask for the class of a buffer, 7 for Netty's arenas, 5 for its thread caches. 13 show differences
///   that a program can see. 12 ask for the bytes of one pool, which reads 0 if another pool reports the shared heap.
///   One calls `trimCurrentThreadCache()`, which does nothing. The list is in `NettyTestsTest`.
/// * **`Unpooled` and `io.netty.allocator.type=unpooled` are Netty's.** They say that no pool is wanted. So does a pool
///   that is made with 0 arenas. A pool with aligned buffers keeps its own arenas too.
/// * **One of all facades reports each number of bytes** ([FacadeHeap][io.leasehold.netty.FacadeHeap]), so that a sum
///   over all allocators is right. Getters of Netty's arenas read 0, because the arenas are not used.
/// * **The library is in a folder of the jar.** The jar of an agent is on the class path of the program. A program that
///   brings its own Leasehold in a class loader of its own would otherwise get the agent's.
/// * **The library is a module.** So native access is granted to it and not to the class path.
///
/// (2026-11)
@NullMarked
package io.leasehold.agent;

import org.jspecify.annotations.NullMarked;
