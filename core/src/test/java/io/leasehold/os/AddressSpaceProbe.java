package io.leasehold.os;

import java.lang.foreign.ValueLayout;

/// Main class of the JVMs that [AddressSpaceTest] starts: uses the memory, and prints its form.
final class AddressSpaceProbe {

    private AddressSpaceProbe() {}

    public static void main(String[] arguments) {
        VirtualMemory memory = VirtualMemory.system();
        long byteSize = 16 * memory.pageSize();
        for (int round = 0; round < 3; round++) {
            long address = memory.reserve(byteSize, memory.pageSize());
            memory.commit(address, byteSize);
            for (long offset = 0; offset < byteSize; offset += Long.BYTES) {
                long place = address + offset - AddressSpace.BASE;
                if (AddressSpace.ALL.get(ValueLayout.JAVA_LONG, place) != 0) {
                    throw new AssertionError("committed memory is not zero: offset=" + offset);
                }
                AddressSpace.ALL.set(ValueLayout.JAVA_LONG, place, ~offset);
                if (AddressSpace.ALL.get(ValueLayout.JAVA_LONG, place) != ~offset) {
                    throw new AssertionError("memory does not keep its content: offset=" + offset);
                }
            }
            memory.release(address, byteSize);
        }
        System.out.println("works, isNative=" + AddressSpace.isNative() + ", memory=" + memory);
    }
}
