package io.leasehold.agent.app;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// Main class of the named module that `AgentModuleTest` runs. It is in a package of its own, because the package of a
/// named module hides the same package of the agent.
public final class ModuleProgram {

    private ModuleProgram() {}

    /// Allocates a buffer of each kind, and prints what it is.
    public static void main(String[] arguments) {
        ByteBuf direct = ByteBufAllocator.DEFAULT.directBuffer(100);
        ByteBuf heap = ByteBufAllocator.DEFAULT.heapBuffer(100);
        System.out.println("module=" + ModuleProgram.class.getModule().getName());
        System.out.println("netty=" + ByteBuf.class.getModule().getName());
        System.out.println("direct=" + innermost(direct).getClass().getSimpleName());
        System.out.println("heap=" + innermost(heap).getClass().getSimpleName());
        System.out.println("isOwn=" + direct.alloc().equals(ByteBufAllocator.DEFAULT));
        direct.release();
        heap.release();
    }

    private static ByteBuf innermost(ByteBuf buf) {
        ByteBuf inner = buf;
        while (inner.unwrap() != null) {
            inner = inner.unwrap();
        }
        return inner;
    }
}
