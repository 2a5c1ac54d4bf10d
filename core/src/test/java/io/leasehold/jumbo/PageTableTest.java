package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Page numbers, addresses and slabs, without memory.
class PageTableTest {

    private static final int SLAB_BYTES = 256 << 10;
    private static final int PER_SLAB = 64;

    private final JumboOptions options = JumboFixture.options(BufferSize.KIB_4);

    private static JumboMemory.Run run(JumboFixture fixture, int position) {
        return new JumboMemory.Run(fixture.arena().baseAddress() + (long) position * SLAB_BYTES, 0, 0);
    }

    @Test
    void tableOfASmallPoolInALargeArenaIsSmall() {
        try (JumboFixture fixture = new JumboFixture(options, 512)) {
            PageTable<JumboView> table = new PageTable<>(fixture.arena(), options, 1);
            assertThat(table).hasToString("PageTable(positions=0 of 2048, perSlab=64)");
            JumboSlabs<JumboView> slabs = new JumboSlabs<>(options, table);
            slabs.add(slabs.make(run(fixture, 3)));
            assertThat(table).hasToString("PageTable(positions=16 of 2048, perSlab=64)");
            slabs.add(slabs.make(run(fixture, 100)));
            assertThat(table).hasToString("PageTable(positions=128 of 2048, perSlab=64)");
            slabs.add(slabs.make(run(fixture, 2047)));
            assertThat(table).hasToString("PageTable(positions=2048 of 2048, perSlab=64)");
            slabs.checkInvariants();
        }
    }

    @Test
    void pagesStayKnownWhileTheTableGrows() {
        try (JumboFixture fixture = new JumboFixture(options, 512)) {
            PageTable<JumboView> table = new PageTable<>(fixture.arena(), options, 1);
            JumboSlabs<JumboView> slabs = new JumboSlabs<>(options, table);
            int pages = 0;
            for (int position = 0; position < 2048; position = 2 * position + 1) {
                assertThat(table.pageOf(run(fixture, position).address())).isEqualTo(JumboPool.FOREIGN);
                slabs.add(slabs.make(run(fixture, position)));
                pages += slabs.activate(PER_SLAB);
                for (int known = 0; known <= position; known = 2 * known + 1) {
                    long address = run(fixture, known).address() + 5 * 4096;
                    int page = table.pageOf(address);
                    assertThat(table.addressOf(page)).isEqualTo(address);
                    assertThat(table.page(page)).isNotNull();
                }
            }
            assertThat(slabs.freeCount()).isEqualTo(pages).isEqualTo(slabs.inService());
            slabs.checkInvariants();
        }
    }

    @Test
    void slabThatLeavesIsRemovedOrPutBack() {
        try (JumboFixture fixture = new JumboFixture(options, 16)) {
            PageTable<JumboView> table = new PageTable<>(fixture.arena(), options, 1);
            JumboSlabs<JumboView> slabs = new JumboSlabs<>(options, table);
            for (int position = 0; position < 3; position++) {
                slabs.add(slabs.make(run(fixture, position)));
                slabs.activate(PER_SLAB);
            }
            JumboPage<JumboView> taken = Objects.requireNonNull(slabs.take());
            assertThat(slabs.findIdle(PER_SLAB - 1))
                    .as("no slab has so few pages")
                    .isNull();
            JumboSlab<JumboView> highest = Objects.requireNonNull(slabs.findIdle(PER_SLAB));
            assertThat(highest.position()).isEqualTo(2);

            slabs.leave(highest);
            assertThat(slabs.freeCount()).isEqualTo(2 * PER_SLAB - 1);
            assertThat(slabs.idle()).as("one is idle, one is leaving").isEqualTo(2);
            assertThat(slabs.count()).isEqualTo(3);
            int generation = highest.deactivateAll();
            slabs.putBack(highest);
            slabs.checkInvariants();
            assertThat(slabs.inactive()).isEqualTo(PER_SLAB);
            assertThat(slabs.activate(PER_SLAB)).isEqualTo(PER_SLAB);
            slabs.checkInvariants();

            slabs.leave(highest);
            assertThat(highest.deactivateAll()).isEqualTo(generation);
            slabs.forget(highest, generation);
            slabs.checkInvariants();
            assertThat(table.pageOf(run(fixture, 2).address())).isEqualTo(JumboPool.NOT_IN_SERVICE);
            assertThat(slabs.pinned()).isOne();
            slabs.returnToSlab(taken.index());
            assertThat(slabs.pinned()).isZero();
            assertThat(slabs.idle()).isEqualTo(2);
            slabs.checkInvariants();
        }
    }
}
