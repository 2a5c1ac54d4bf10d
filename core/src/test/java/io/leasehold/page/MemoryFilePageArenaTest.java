package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Arenas whose pages are in a memory file.
class MemoryFilePageArenaTest
        implements PageArenaContract, PageArenaOptionContract, PageArenaBoundContract, PageArenaCloseContract {

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(1000));

    @BeforeAll
    static void skipWithoutMemoryFiles() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    @Override
    public Reservations reservations() {
        return reservations;
    }

    @Override
    public PageArenaOptions options() {
        return PageArenaContract.super.options().toBuilder()
                .name("file-arena")
                .memoryFile(true)
                .build();
    }

    @Test
    void pagesLieInAMemoryFileUntilTheArenaIsClosed() throws IOException {
        long before = descriptors();
        try (PageArena arena = open(options(64))) {
            assertThat(mappings()).isEqualTo(1);
            assertThat(descriptors()).isEqualTo(before + 1);
            arena.free(arena.allocate());
        }
        assertThat(mappings()).isZero();
        assertThat(descriptors()).isEqualTo(before);
    }

    /// The kernel limits the names of memory files, but not those of arenas.
    @Test
    void nameOfAnArenaMayBeAnyText() {
        for (String name : List.of("x".repeat(10_000), "Gr\u00f6\u00dfe", "a/b\n\0", "\ud83d\ude00")) {
            try (PageArena arena = open(options().toBuilder().name(name).build())) {
                arena.free(arena.allocate());
                assertThat(arena.options().name()).isEqualTo(name);
            }
        }
    }

    @Test
    void forciblyClosedArenaClosesItsFileToo() throws IOException {
        long before = descriptors();
        PageArena arena = open();
        fill(arena, arena.allocate(), 1);
        arena.closeForcibly();
        assertThat(mappings()).isZero();
        assertThat(descriptors()).isEqualTo(before);
    }

    /// {@return number of mappings of memory files of this name}
    private static long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("/memfd:file-arena")).count();
        }
    }

    /// {@return number of open descriptors of memory files of this name}
    private static long descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(MemoryFilePageArenaTest::isOfThisName).count();
        }
    }

    private static boolean isOfThisName(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().contains("/memfd:file-arena");
        } catch (IOException e) {
            return false; // the descriptor of the listing itself is already closed
        }
    }
}
