package io.leasehold.os;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeAll;

/// Skips a test class, with a message, if the process has no native memory.
interface NativeFixture extends VirtualMemoryFixture {

    @BeforeAll
    static void skipWithoutNativeMemory() {
        String reason = "skipped, native memory is not in use: " + VirtualMemory.system();
        if (!AddressSpace.isNative()) {
            System.out.println(reason);
        }
        assumeTrue(AddressSpace.isNative(), reason);
    }

    @Override
    default MemorySegment space() {
        return AddressSpace.ALL;
    }
}
