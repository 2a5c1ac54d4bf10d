package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random operations on the free map and on [FreeMapModel]. After each step both must agree.
class FreeMapRandomTest {

    private static final int STEPS = 4000;
    private static final int[] ALIGNMENTS = {1, 1, 1, 2, 4, 16, 64, 512};
    private static final int[] FRAMES = {1, 1, 8, 128, 512, 2048};

    @ParameterizedTest(name = "{0} pages")
    @ValueSource(ints = {1, 40, 64, 65, 512, 513, 1500, 3000, 4096})
    void agreesWithASearchOfEachPage(int pageCount) {
        long seed = Seeds.next("FreeMapRandomTest, " + pageCount + " pages");
        SplittableRandom random = new SplittableRandom(seed);
        FreeMapModel model = new FreeMapModel(pageCount);
        try (FreeMapFixture fixture = new FreeMapFixture(pageCount)) {
            int tick = 0;
            for (int step = 0; step < STEPS; step++) {
                String where = "pages=" + pageCount + ", seed=" + seed + ", step=" + step;
                switch (random.nextInt(9)) {
                    case 0, 1, 2 -> take(fixture.map, model, random, where);
                    case 3, 4, 5 -> give(fixture.map, model, random, tick, where);
                    case 6 -> takeIdle(fixture.map, model, random, tick, where);
                    case 7 -> takeAged(fixture.map, model, tick, where);
                    default -> takeSingles(fixture.map, model, random, where);
                }
                tick += random.nextInt(3) / 2;
                compare(fixture.map, model, random, where);
            }
        }
    }

    private static void take(FreeMap map, FreeMapModel model, SplittableRandom random, String where) {
        int n = length(random, model.pageCount);
        boolean idleOnly = random.nextBoolean();
        int align = ALIGNMENTS[random.nextInt(ALIGNMENTS.length)];
        int page = map.find(n, align, idleOnly);
        assertThat(page)
                .as("%s: find(%d, %d, %s)", where, n, align, idleOnly)
                .isEqualTo(model.find(n, align, idleOnly));
        if (page >= 0) {
            map.take(page, n);
            model.take(page, n);
        }
    }

    private static void give(FreeMap map, FreeMapModel model, SplittableRandom random, int tick, String where) {
        int page = random.nextInt(model.pageCount);
        int most = length(random, model.pageCount);
        int n = 0;
        while (n < most && page + n < model.pageCount && model.used[page + n]) {
            n++;
        }
        if (n == 0) {
            return;
        }
        if (random.nextInt(3) == 0) {
            map.giveCold(page, n);
            model.giveCold(page, n);
        } else {
            map.giveIdle(page, n, tick);
            model.giveIdle(page, n, tick);
        }
        assertThat(map.isFree(page, n)).as(where).isTrue();
    }

    private static void takeIdle(FreeMap map, FreeMapModel model, SplittableRandom random, int tick, String where) {
        int framePages = FRAMES[random.nextInt(FRAMES.length)];
        int minTicks = random.nextInt(6);
        // whole frames may exceed the size of a batch, so the size is a multiple of a frame
        int maxPages = framePages * (1 + random.nextInt(1 + model.pageCount / framePages));
        DecommitBatch batch = new DecommitBatch(maxPages);
        map.takeIdle(batch, tick, minTicks, framePages);
        int warmBefore = model.warmPages();
        List<Integer> expected = model.takeIdle(tick, minTicks, framePages, maxPages);
        assertThat(FreeMapFixture.pages(batch))
                .as("%s: takeIdle(%d, %d)", where, minTicks, framePages)
                .isEqualTo(expected);
        int warm = (int) expected.stream().filter(page -> model.warm[page]).count();
        assertThat(batch.warm()).as(where).isEqualTo(warm);
        assertThat(map.warmPages()).as(where).isEqualTo(warmBefore);
        map.checkInvariants(batch.total());
        boolean isGone = random.nextBoolean();
        for (int i = 0; i < batch.count(); i++) {
            if (isGone) {
                map.giveCold(batch.page(i), batch.pageCount(i));
                model.giveCold(batch.page(i), batch.pageCount(i));
            } else {
                map.giveIdle(batch.page(i), batch.pageCount(i), tick);
                model.giveIdle(batch.page(i), batch.pageCount(i), tick);
            }
        }
    }

    /// The calendar finds every page that is old enough, and no other page, although it visits only pageblocks that are
    /// due.
    private static void takeAged(FreeMap map, FreeMapModel model, int tick, String where) {
        DecommitBatch batch = new DecommitBatch(100);
        List<Integer> pages = new ArrayList<>();
        boolean more = true;
        while (more) {
            batch.clear();
            more = map.takeAged(batch, tick, 1);
            pages.addAll(FreeMapFixture.pages(batch));
        }
        List<Integer> expected = new ArrayList<>();
        List<Integer> found = model.takeIdle(tick, Decay.TICKS + 1, 1, 100);
        while (!found.isEmpty()) {
            expected.addAll(found);
            found = model.takeIdle(tick, Decay.TICKS + 1, 1, 100);
        }
        assertThat(pages).as("%s: takeAged", where).containsExactlyInAnyOrderElementsOf(expected);
        map.checkInvariants(pages.size());
        for (int page : pages) {
            map.giveCold(page, 1);
            model.giveCold(page, 1);
        }
    }

    private static void takeSingles(FreeMap map, FreeMapModel model, SplittableRandom random, String where) {
        int[] out = new int[32];
        int max = random.nextInt(out.length);
        int taken = map.takeIdleSingles(out, max);
        assertThat(Arrays.stream(out, 0, taken).boxed().toList()).as(where).isEqualTo(model.takeIdleSingles(max));
    }

    private static void compare(FreeMap map, FreeMapModel model, SplittableRandom random, String where) {
        assertThat(map.freePages()).as(where).isEqualTo(model.freePages());
        assertThat(map.idlePages()).as(where).isEqualTo(model.idlePages());
        assertThat(map.warmPages()).as(where).isEqualTo(model.warmPages());
        map.checkInvariants(0);
        int n = length(random, model.pageCount);
        int align = ALIGNMENTS[random.nextInt(ALIGNMENTS.length)];
        assertThat(map.find(n, align, false))
                .as("%s: find(%d, %d)", where, n, align)
                .isEqualTo(model.find(n, align, false));
        assertThat(map.find(n, align, true))
                .as("%s: idle(%d, %d)", where, n, align)
                .isEqualTo(model.find(n, align, true));
        int page = random.nextInt(model.pageCount);
        assertThat(map.isFree(page, n)).as(where).isEqualTo(model.isFree(page, n));
        int inside = Math.min(n, model.pageCount - page);
        assertThat(map.coldIn(page, inside)).as(where).isEqualTo(model.coldIn(page, inside));
    }

    /// {@return a length that is mostly short, sometimes about a word or a pageblock, and sometimes any}
    private static int length(SplittableRandom random, int pageCount) {
        int n = switch (random.nextInt(8)) {
            case 0, 1, 2 -> 1 + random.nextInt(8);
            case 3, 4 -> 1 + random.nextInt(140);
            case 5 -> 500 + random.nextInt(30);
            case 6 -> 1 << random.nextInt(12);
            default -> 1 + random.nextInt(pageCount);
        };
        return Math.min(n, pageCount);
    }
}
