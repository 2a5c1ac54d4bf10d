package io.leasehold.holder;

/// Memory in use of one source, with one tag and in blocks of one size. The numbers are exact, as far as numbers can be
/// that other threads change while they are read.
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
