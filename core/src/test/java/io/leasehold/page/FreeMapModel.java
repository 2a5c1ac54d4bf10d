package io.leasehold.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The simplest form of a free map: one array element for each page, and every search from the start.
///
/// **Threads.** Confined to one thread.
final class FreeMapModel {

    private static final int MAX_RUNS = 256;

    final int pageCount;
    final boolean[] used;
    final boolean[] warm;
    final int[] stamps;

    FreeMapModel(int pageCount) {
        this.pageCount = pageCount;
        this.used = new boolean[pageCount];
        this.warm = new boolean[pageCount];
        this.stamps = new int[pageCount];
    }

    int find(int n, int align, boolean idleOnly) {
        int run = 0;
        for (int end = 0; end < pageCount; end++) {
            run = !used[end] && (!idleOnly || warm[end]) ? run + 1 : 0;
            // the last aligned start with n pages up to here
            int start = (end + 1 - n) & -align;
            if (run >= n && start >= end + 1 - run) {
                return start;
            }
        }
        return FreeMap.NONE;
    }

    void take(int page, int n) {
        Arrays.fill(used, page, page + n, true);
        Arrays.fill(warm, page, page + n, true);
    }

    void giveIdle(int page, int n, int tick) {
        Arrays.fill(used, page, page + n, false);
        Arrays.fill(stamps, page, page + n, tick);
    }

    void giveCold(int page, int n) {
        Arrays.fill(used, page, page + n, false);
        Arrays.fill(warm, page, page + n, false);
    }

    List<Integer> takeIdleSingles(int max) {
        List<Integer> taken = new ArrayList<>();
        for (int page = 0; page < pageCount && taken.size() < max; page++) {
            if (isIdle(page)) {
                used[page] = true;
                taken.add(page);
            }
        }
        return taken;
    }

    /// {@return the pages of the idle frames that are old enough, lowest first} Marks them as used.
    List<Integer> takeIdle(int tick, int minTicks, int framePages, int maxPages) {
        List<Integer> taken = new ArrayList<>();
        int runs = 0;
        for (int frame = 0; frame < pageCount && taken.size() < maxPages; frame += framePages) {
            int end = Math.min(pageCount, frame + framePages); // the last frame may be cut
            int frees = 0;
            int idle = 0;
            boolean old = true;
            for (int page = frame; page < end; page++) {
                frees += used[page] ? 0 : 1;
                idle += isIdle(page) ? 1 : 0;
                old &= !isIdle(page) || ((tick - stamps[page]) & 0xFF) >= minTicks;
            }
            if (frees == end - frame && idle > 0 && old) {
                runs += taken.isEmpty() || taken.getLast() != frame - 1 ? 1 : 0;
                if (runs > MAX_RUNS) {
                    break;
                }
                for (int page = frame; page < end; page++) {
                    used[page] = true;
                    taken.add(page);
                }
            }
        }
        return taken;
    }

    boolean isIdle(int page) {
        return !used[page] && warm[page];
    }

    boolean isFree(int page, int n) {
        for (int i = page; i < page + n; i++) {
            if (i >= pageCount || used[i]) {
                return false;
            }
        }
        return true;
    }

    int coldIn(int page, int n) {
        int cold = 0;
        for (int i = page; i < page + n; i++) {
            cold += warm[i] ? 0 : 1;
        }
        return cold;
    }

    int freePages() {
        int free = 0;
        for (boolean isUsed : used) {
            free += isUsed ? 0 : 1;
        }
        return free;
    }

    int idlePages() {
        int idle = 0;
        for (int page = 0; page < pageCount; page++) {
            idle += isIdle(page) ? 1 : 0;
        }
        return idle;
    }

    int warmPages() {
        return pageCount - coldIn(0, pageCount);
    }
}
