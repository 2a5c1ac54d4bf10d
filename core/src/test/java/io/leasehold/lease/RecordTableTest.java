package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/// Threads exchange free records in batches, and never own a record together.
class RecordTableTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 2_000_000 : 40_000;

    private final RecordTable table = new RecordTable();

    @Test
    void tableGrowsByAChunkOfBatchesThatHaveEachRecordOnce() {
        Set<Integer> seen = new HashSet<>();
        for (int batch = 0; batch < 1_000; batch++) {
            records(table.takeBatch())
                    .forEach(record -> assertThat(seen.add(record))
                            .as("record %d is new", record)
                            .isTrue());
        }
        assertThat(seen).hasSize(1_000 * RecordTable.BATCH);
        assertThat(table.capacity() - table.freeCount()).isEqualTo(seen.size());
        assertThat(seen).allMatch(record -> record >= 0 && record < table.capacity());
        table.checkInvariants();
    }

    @Test
    void batchThatWasGivenIsTheNextToBeTaken() {
        table.takeBatch();
        int batch = table.takeBatch();
        List<Integer> records = records(batch);
        int capacity = table.capacity();
        table.giveBatch(again(records));
        assertThat(records(table.takeBatch())).containsExactlyElementsOf(records.reversed());
        assertThat(table.capacity()).isEqualTo(capacity);
        table.checkInvariants();
    }

    @Test
    void chunkOfARecordThatIsNotThereIsNull() {
        assertThat(table.chunk(0)).isNull();
        table.takeBatch();
        assertThat(table.chunk(table.capacity() - 1)).isNotNull();
        assertThat(table.chunk(table.capacity())).isNull();
        assertThat(table.chunk(LeaseLayout.MAX_RECORDS - 1)).isNull();
    }

    /// Releases that nothing follows, as those of a thread that gets its leases from others: the table changes once in
    /// a batch of them.
    @Test
    void fullStripeSpillsABatchAndNotEachRecord() {
        LeaseRecords records = new LeaseRecords(1, "loans", null);
        Stripes stripes = new Stripes(4, 2);
        int count = 100 * RecordTable.BATCH;
        Deque<Long> leases = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            long lease = records.take(stripes);
            records.open(records.prepare(lease, 1, 1 << 12), lease, LeaseLayout.SHARED);
            leases.add(lease);
        }
        assertThat(records.openCount(stripes)).isEqualTo(count);
        int spills = 0;
        for (long lease : leases) {
            records.close(lease, LeaseErrors.UNKNOWN_PAGE);
            int spilled = records.keep(LeaseLayout.next(lease), stripes.enter());
            spills += spilled == RecordTable.NONE ? 0 : 1;
            records.give(spilled);
        }
        assertThat(spills).isBetween(1, 100);
        records.checkInvariants(stripes);
        assertThat(records.openCount(stripes)).isZero();
    }

    @Test
    void threadsNeverHaveARecordTogether() throws InterruptedException {
        int threads = 4;
        int mostBatches = 40;
        AtomicIntegerArray owners = new AtomicIntegerArray(1 << 16);
        Watchdog watchdog = new Watchdog();
        for (int thread = 1; thread <= threads; thread++) {
            int self = thread;
            watchdog.start("worker " + thread, () -> {
                SplittableRandom random = new SplittableRandom(self);
                Deque<List<Integer>> held = new ArrayDeque<>();
                for (int round = 0; round < ROUNDS; round++) {
                    if (held.size() < mostBatches && random.nextBoolean()) {
                        List<Integer> records = records(table.takeBatch());
                        assertThat(records).hasSize(RecordTable.BATCH);
                        records.forEach(record -> assertThat(owners.getAndSet(record, self))
                                .as("owner of %d", record)
                                .isZero());
                        held.add(records);
                    } else if (!held.isEmpty()) {
                        List<Integer> records = random.nextBoolean() ? held.removeFirst() : held.removeLast();
                        giveBack(records, owners);
                    }
                }
                held.forEach(records -> giveBack(records, owners));
            });
        }
        watchdog.join();
        table.checkInvariants();
        assertThat(table.freeCount()).isEqualTo(table.capacity());
    }

    /// The first batch is taken and given back while another thread reads it, and its next batch changes.
    @Test
    void batchThatWasGivenBackIsNotMistakenForTheOneThatWasRead() throws InterruptedException {
        AtomicIntegerArray owners = new AtomicIntegerArray(1 << 10);
        Watchdog watchdog = new Watchdog();
        for (int thread = 1; thread <= 4; thread++) {
            int self = thread;
            watchdog.start("worker " + thread, () -> {
                for (int round = 0; round < 10 * ROUNDS; round++) {
                    int first = table.takeBatch();
                    int second = table.takeBatch();
                    assertThat(owners.getAndSet(first / RecordTable.BATCH, self))
                            .isZero();
                    assertThat(owners.getAndSet(second / RecordTable.BATCH, self))
                            .isZero();
                    owners.set(first / RecordTable.BATCH, 0);
                    table.giveBatch(first);
                    owners.set(second / RecordTable.BATCH, 0);
                    table.giveBatch(second);
                }
            });
        }
        watchdog.join();
        table.checkInvariants();
        assertThat(table.freeCount()).isEqualTo(table.capacity());
    }

    private void giveBack(List<Integer> records, AtomicIntegerArray owners) {
        records.forEach(record -> owners.set(record, 0));
        table.giveBatch(again(records));
    }

    private List<Integer> records(int batch) {
        List<Integer> records = new ArrayList<>();
        for (int record = batch; record != RecordTable.NONE; record = table.next(record)) {
            records.add(record);
        }
        return records;
    }

    /// Links records to a batch once more, the last one first.
    private int again(List<Integer> records) {
        int batch = RecordTable.NONE;
        for (int record : records) {
            batch = table.prepend(record, batch);
        }
        return batch;
    }
}
