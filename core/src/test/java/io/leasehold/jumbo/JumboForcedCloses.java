package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Forced closes of pools in use, and late releases, each of which meets every failure of the JVM.
///
/// **Threads.** Confined to one thread.
final class JumboForcedCloses implements Consumer<JavaFaults.Mode> {

    private static final int PAGES_PER_SLAB = 4;
    private static final int SLABS = 5;

    private int notified;

    @Override
    public void accept(JavaFaults.Mode mode) {
        for (int kept = 1; kept < PAGES_PER_SLAB; kept++) {
            run(mode, kept);
        }
    }

    /// Closes a pool of which some slabs have pages in use.
    ///
    /// @param keptSlabs number of such slabs
    private void run(JavaFaults.Mode mode, int keptSlabs) {
        JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_64).toBuilder()
                        .pages(0, SLABS * PAGES_PER_SLAB)
                        .build(),
                2);
        JumboPool<JumboView> pool = fixture.pool();
        List<Long> handles = new ArrayList<>(fixture.exhaust());
        assertThat(handles).hasSize(SLABS * PAGES_PER_SLAB);
        List<Long> stolen = new ArrayList<>(handles.subList(0, 2 * PAGES_PER_SLAB).stream()
                .map(pool.exchange()::steal)
                .toList());
        List<Long> kept = new ArrayList<>(handles.subList(2 * PAGES_PER_SLAB, (2 + keptSlabs) * PAGES_PER_SLAB));
        handles.subList((2 + keptSlabs) * PAGES_PER_SLAB, handles.size()).forEach(pool::free);
        handles.clear();
        handles.addAll(fixture.exhaust());
        stolen.forEach(pool.exchange()::adopt); // their slabs are idle, though no page is free
        notified = 0;
        pool.whenFree(() -> notified++);
        assertThat(notified).as("no page is free").isZero();
        handles.addAll(kept);

        int inUse = JumboLayout.page(handles.getFirst());
        long[] takenBytes = {fixture.takenBytes()};
        FaultedSteps steps = new FaultedSteps(mode, () -> {
            fixture.check();
            assertThat(notified).isEqualTo(pool.addressOf(inUse) == JumboPool.NOT_IN_SERVICE ? 1 : 0);
            assertThat(fixture.takenBytes()).isLessThanOrEqualTo(takenBytes[0]);
            takenBytes[0] = fixture.takenBytes();
        });
        steps.run("close by force", pool::closeForcibly);
        assertThat(notified).isEqualTo(1);
        assertThat(fixture.takenBytes()).isPositive();
        while (!handles.isEmpty()) {
            long handle = handles.getLast();
            JumboPage<JumboView> page = pool.require("free", handle);
            long word = page.word();
            steps.run("late release", () -> {
                if (page.word() == word) {
                    pool.free(handle);
                }
            });
            handles.removeLast();
        }
        assertThat(fixture.takenBytes())
                .as("bytes left with %d slabs in use", keptSlabs)
                .isZero();
        fixture.close();
    }
}
