package io.leasehold.bench.scenario.first;

import io.leasehold.bench.subject.Allocators;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;

/// A JVM that allocates, writes and releases one buffer.
///
/// It prints `warm` after the buffer of another allocator, if there is one, and waits for a byte of its input. It
/// prints `first` and the nanoseconds of the measured buffer, and waits again. It does little else, because each
/// further class would count.
public final class FirstProcess {

    static final String WARM = "warm";
    static final String FIRST = "first ";
    private static final int BYTES = 4096;

    private FirstProcess() {}

    /// Allocates the buffers.
    ///
    /// @param args the name of the measured allocator, and that of the other one if Netty is warm
    /// @throws IOException if the input cannot be read
    public static void main(String[] args) throws IOException {
        if (args.length > 1) {
            allocate(args[1]);
            System.out.println(WARM);
            if (System.in.read() < 0) {
                return; // the parent has ended
            }
        }
        long start = System.nanoTime();
        allocate(args[0]);
        long nanos = System.nanoTime() - start;
        System.out.print(FIRST);
        System.out.println(nanos);
        System.in.read();
        System.exit(0);
    }

    private static void allocate(String name) {
        ByteBufAllocator allocator = Allocators.open(name, "simple");
        ByteBuf buffer = allocator.directBuffer(BYTES);
        buffer.writeZero(BYTES);
        buffer.release();
    }
}
