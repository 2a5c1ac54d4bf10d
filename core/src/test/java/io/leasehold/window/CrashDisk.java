package io.leasehold.window;

import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/// A model of a disk whose power may fail at any time: all contents that one file may have on it afterwards.
///
/// ```text
///   page     the version at the last sync, and each version since: any of them may be there,
///            or any of them for each sector
///   length   the length at the last sync, and each length since
/// ```
///
/// A successful sync leaves one version of each page. After a failed sync no dirty page of the file is ever written,
/// except for bytes that are written again. The rest of such a page may be dropped from memory and be anything.
///
/// **Threads.** Confined to the test's thread.
final class CrashDisk implements WatchedFiles.Watcher {

    static final int PAGE = (int) VirtualMemory.system().pageSize();

    private static final int SECTOR = 512;

    private final List<Page> pages = new ArrayList<>();
    private final LengthSpans lengths = new LengthSpans();
    private final Runnable afterEach; // runs after each change of the disk
    private long byteSize;

    CrashDisk(Runnable afterEach) {
        this.afterEach = afterEach;
    }

    /// One page of the file.
    private static final class Page {
        private final byte[] now = new byte[PAGE];
        private final List<byte[]> versions = new ArrayList<>(List.of(new byte[PAGE]));
        private int truncatedAt; // index of the first version since a truncation removed the page
        private boolean isDropped; // the kernel treats it as clean
        private final BitSet writtenAgain = new BitSet(); // bytes written since it was dropped

        void write(int from, byte[] content, int contentFrom, int count) {
            System.arraycopy(content, contentFrom, now, from, count);
            writtenAgain.set(from, from + count);
            versions.add(now.clone());
        }

        /// The file ends before this page. Old content may only be there while the file may have its old length.
        void truncate() {
            Arrays.fill(now, (byte) 0);
            truncatedAt = versions.size();
            versions.add(new byte[PAGE]);
            isDropped = false;
        }

        void drop() {
            if (versions.size() > 1) {
                isDropped = true;
                writtenAgain.clear();
            }
        }

        boolean isDirty() {
            return versions.size() > 1 && (!isDropped || !writtenAgain.isEmpty());
        }

        /// @param isTruncationDurable true if the length is synced too
        /// @param end end of the file in this page; the rest is zeroed by a write
        void makeDurable(boolean isTruncationDurable, int end) {
            if (isTruncationDurable) {
                versions.subList(0, truncatedAt).clear();
                truncatedAt = 0;
            }
            if (!isDropped) {
                versions.clear();
                versions.add(now.clone());
            } else if (!writtenAgain.isEmpty()) {
                writtenAgain.set(end, PAGE);
                versions.forEach(version -> writtenAgain.stream().forEach(i -> version[i] = now[i]));
            }
            if (versions.stream().allMatch(version -> Arrays.equals(version, now))) {
                versions.subList(1, versions.size()).clear();
                isDropped = false;
            }
            if (versions.size() == 1) {
                truncatedAt = 0;
            }
        }
    }

    @Override
    public void written(long byteOffset, byte[] content) {
        for (int done = 0; done < content.length; ) {
            long at = byteOffset + done;
            int from = (int) (at % PAGE);
            int count = Math.min(content.length - done, PAGE - from);
            page((int) (at / PAGE)).write(from, content, done, count);
            done += count;
        }
        long end = byteOffset + content.length;
        if (end > byteSize) {
            lengths.add(byteSize, end);
            byteSize = end;
        }
        afterEach.run();
    }

    @Override
    public void resized(long newByteSize) {
        if (newByteSize < byteSize) {
            int last = (int) (newByteSize / PAGE);
            int tail = (int) (newByteSize % PAGE);
            for (int i = last + (tail > 0 ? 1 : 0); i < pages.size(); i++) {
                pages.get(i).truncate();
            }
            if (tail > 0) {
                page(last).write(tail, new byte[PAGE - tail], 0, PAGE - tail);
            }
        }
        lengths.add(newByteSize, newByteSize);
        byteSize = newByteSize;
        afterEach.run();
    }

    @Override
    public void synced(long from, long end, boolean isDone) {
        if (!isDone) {
            pages.forEach(Page::drop);
        } else {
            boolean isWhole = end == Long.MAX_VALUE;
            for (int i = (int) (from / PAGE); i < pages.size() && (long) i * PAGE < end; i++) {
                long place = (long) i * PAGE;
                if (pages.get(i).isDirty()) {
                    lengths.atLeast(Math.min(place + PAGE, byteSize));
                }
                pages.get(i).makeDurable(isWhole, Math.clamp(byteSize - place, 0, PAGE));
            }
            if (isWhole) {
                lengths.become(byteSize, byteSize);
            }
        }
        afterEach.run();
    }

    @Override
    public void writtenBack(long from, long end, boolean isDone) {
        if (!isDone) {
            pages.forEach(Page::drop);
        }
        afterEach.run();
    }

    /// {@return a possible content of the file after a power failure now}
    byte[] crash(SplittableRandom random) {
        byte[] file = new byte[(int) lengths.choose(random)];
        int mode = random.nextInt(3);
        for (int i = 0; i < pages.size() && i * PAGE < file.length; i++) {
            List<byte[]> versions = pages.get(i).versions;
            int count = versions.size();
            boolean isTorn = random.nextInt(4) == 0;
            int chosen = mode == 0 || random.nextInt(4) == 0 ? random.nextInt(count) : mode == 1 ? 0 : count - 1;
            for (int sector = 0; sector < PAGE; sector += SECTOR) {
                byte[] version = versions.get(isTorn ? random.nextInt(count) : chosen);
                int at = i * PAGE + sector;
                if (at < file.length) {
                    System.arraycopy(version, sector, file, at, Math.min(SECTOR, file.length - at));
                }
            }
        }
        return file;
    }

    private Page page(int number) {
        while (pages.size() <= number) {
            pages.add(new Page());
        }
        return pages.get(number);
    }
}
