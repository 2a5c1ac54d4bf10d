package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.UnnamedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NoLockFactory;
import org.apache.lucene.store.RandomAccessInput;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// The baselines for reading a [WindowFile], all of them opened.
@State(Scope.Benchmark)
public class WindowBaselines {

    private static final int PAGE_BYTES = 4096;

    FileChannel channel;
    MemorySegment mapping;
    RandomAccessInput lucene;
    private MMapDirectory directory;
    private IndexInput input;

    /// Opens the file in each way, and touches the mappings.
    ///
    /// @throws IOException if it cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file) throws IOException {
        channel = FileChannel.open(file.path(), StandardOpenOption.READ);
        mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, WindowFile.BYTES, Arena.global());
        directory = new MMapDirectory(UnnamedFile.folder(), NoLockFactory.INSTANCE);
        input = directory.openInput(file.unnamed().name(), IOContext.DEFAULT);
        lucene = input.randomAccessSlice(0, WindowFile.BYTES);
        byte[] byteRead = new byte[1];
        MemorySegment to = MemorySegment.ofArray(byteRead);
        for (long at = 0; at < WindowFile.BYTES; at += PAGE_BYTES) {
            MemorySegment.copy(mapping, at, to, 0, 1);
            lucene.readBytes(at, byteRead, 0, 1);
        }
    }

    /// Closes the baselines.
    ///
    /// @throws IOException if closing fails
    @TearDown(Level.Trial)
    public void close() throws IOException {
        input.close();
        directory.close();
        channel.close();
    }
}
