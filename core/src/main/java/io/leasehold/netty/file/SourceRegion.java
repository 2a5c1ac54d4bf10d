package io.leasehold.netty.file;

import io.netty.channel.DefaultFileRegion;
import java.nio.channels.FileChannel;

/// A range of a source for sendfile(2); the channel is the source's, and stays open.
///
/// **Ownership, threads.** As every region: whoever holds a reference releases it. It holds its source.
final class SourceRegion extends DefaultFileRegion {

    private final FileSource source; // (C)

    /// @param source held already, which is this region's from now on
    SourceRegion(FileSource source, FileChannel channel, long byteOffset, long byteSize) {
        super(channel, byteOffset, byteSize);
        this.source = source;
    }

    @Override
    protected void deallocate() {
        source.letGo();
    }
}
