package io.leasehold.holder;

/// Memory in use of one source, with one tag and in blocks of one size. The numbers are exact, except for changes by
/// other threads during the read.
///
/// @param kind kind of the source
/// @param source name of the source
/// @param tag tag of the holder
/// @param byteSize bytes of each block
/// @param blocks number of blocks in use
public record Held(SourceKind kind, String source, Tag tag, long byteSize, long blocks) {

    /// {@return the bytes of all blocks}
    public long bytes() {
        return byteSize * blocks;
    }
}
