package io.leasehold.readme;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.file.FileSource;
import io.leasehold.page.PageArena;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// The examples of the README for files.
final class FilesExample {

    private FilesExample() {}

    /// {@return the number of bytes that were read}
    static long read(PageArena arena, Path path) throws IOException {
        try (WindowCache cache = WindowCache.open(arena, WindowCacheOptions.defaults());
                MappedFile file = cache.open(path, MappedFileOptions.defaults())) {
            byte[] head = new byte[4096];
            long count = cache.read(file, 0, MemorySegment.ofArray(head));
            return count;
        }
    }

    /// Sends a file to a channel.
    static void send(WindowCache cache, LeasedByteBufAllocator allocator, Path path, ChannelHandlerContext context)
            throws IOException {
        FileSource source = FileSource.open(cache, allocator, path, FileTrust.FOREIGN);
        source.writeAndFlush(context, 0, source.byteSize()).addListener(done -> source.close());
    }
}
