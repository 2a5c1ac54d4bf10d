package io.leasehold.memory;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;

/// The kernel seams that tests run on, and the visible way to skip a test that one of them cannot run.
///
/// **Threads.** Stateless.
public final class TestMemory {

    private TestMemory() {}

    /// {@return the portable form, over a part of the memory that this process has, so that [OffHeap] reaches it}
    ///
    /// Its constructor is private to its package on purpose, hence reflection.
    public static VirtualMemory portable(ScratchMemory memory) {
        try {
            Constructor<?> constructor =
                    Class.forName("io.leasehold.os.PortableVirtualMemory").getDeclaredConstructor(MemorySegment.class);
            constructor.setAccessible(true);
            return (VirtualMemory) constructor.newInstance(OffHeap.segment(memory.address(), memory.byteSize()));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /// Skips the calling test, and says so, if `memory` cannot do what it needs.
    public static void require(VirtualMemory memory, Capability capability) {
        require(memory.can(capability), "there is no " + capability + " in " + memory);
    }

    /// Skips the calling test, and says so, unless `holds`.
    public static void require(boolean holds, String reason) {
        if (!holds) {
            String test = StackWalker.getInstance()
                    .walk(frames -> frames.filter(
                                    frame -> !frame.getMethodName().startsWith("require"))
                            .findFirst()
                            .map(frame -> frame.getClassName() + "." + frame.getMethodName())
                            .orElse("test"));
            System.out.println("skipped " + test + ": " + reason);
        }
        assumeTrue(holds, reason);
    }
}
