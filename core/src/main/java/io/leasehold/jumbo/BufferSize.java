package io.leasehold.jumbo;

/// Sizes of pages, as network adapters and the offloads of the kernel fill them.
public enum BufferSize {
    /// 4,096 B: a page of most machines, two or three Ethernet frames.
    KIB_4(4 << 10),
    /// 9,216 B: one jumbo frame. Pages lie at multiples of 512 B, and do not take 12 KiB each.
    KIB_9(9 << 10),
    /// 16,384 B: one TLS record.
    KIB_16(16 << 10),
    /// 65,536 B: the largest batch that receive offload builds.
    KIB_64(64 << 10);

    private final int byteSize;

    BufferSize(int byteSize) {
        this.byteSize = byteSize;
    }

    /// {@return the size of a page in bytes}
    public int byteSize() {
        return byteSize;
    }
}
