package io.leasehold.jumbo;

/// The sizes of pages that network adapters and the kernel's offloads fill.
public enum BufferSize {
    /// 4,096 B: a page of the machine, two or three frames of Ethernet.
    KIB_4(4 << 10),
    /// 9,216 B: one jumbo frame. Pages are packed, at multiples of 512 B, not each in 12 KiB.
    KIB_9(9 << 10),
    /// 16,384 B: a TLS record.
    KIB_16(16 << 10),
    /// 65,536 B: what receive offload puts together at most.
    KIB_64(64 << 10);

    private final int byteSize;

    BufferSize(int byteSize) {
        this.byteSize = byteSize;
    }

    /// {@return the bytes of a page}
    public int byteSize() {
        return byteSize;
    }
}
