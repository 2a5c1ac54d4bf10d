package io.leasehold.netty.file;

import io.netty.channel.DefaultFileRegion;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicBoolean;

/// A range of a source for sendfile(2); the channel is the source's, and stays open.
///
/// **Ownership, threads.** As every region: whoever holds a reference releases it. It holds its source.
final class SourceRegion extends DefaultFileRegion {

    private final FileSource source; // (C)
    private final AtomicBoolean holds = new AtomicBoolean(true); // (A)

    /// @param source held already, which is this region's from now on
    SourceRegion(FileSource source, FileChannel channel, long byteOffset, long byteSize) {
        super(channel, byteOffset, byteSize);
        this.source = source;
    }

    /// Lets go of the source before the last release, which a handler that threw may never make.
    void abandon() {
        if (holds.getAndSet(false)) {
            source.letGo();
        }
    }

    @Override
    protected void deallocate() {
        abandon();
    }
}
