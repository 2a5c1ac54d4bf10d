package io.leasehold.window;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Main class of the process that truncates FOREIGN files and writes the same bytes again, so that a file never has
/// other bytes. It ends when its standard input is closed, or at its deadline. Its last line is the number of
/// truncations.
final class TruncatorProgram {

    private static final int THREADS = 2;

    /// Maximum size of a write in bytes.
    private static final int PIECE_BYTES = 8192;

    private final long deadline; // (C)
    private final AtomicBoolean isOver = new AtomicBoolean(); // (A)
    private final AtomicLong truncations = new AtomicLong(); // (A)

    private TruncatorProgram(long deadline) {
        this.deadline = deadline;
    }

    /// One file, and the unit of its truncations.
    private static final class Target {
        private final FileChannel channel; // (C)
        private final byte[] content; // (C)
        private final int unit; // (C)

        Target(Path path, int unit) throws IOException {
            this.channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            this.content = Files.readAllBytes(path);
            this.unit = unit;
        }
    }

    /// Truncates until its standard input is closed.
    ///
    /// @param arguments maximum run time in seconds, a seed, and for each file the unit of its truncations and its path
    public static void main(String[] arguments) throws Exception {
        long seconds = Long.parseLong(arguments[0]);
        SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[1]));
        List<List<Target>> shares = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            shares.add(new ArrayList<>());
        }
        for (int i = 2; i < arguments.length; i += 2) {
            Target target = new Target(Path.of(arguments[i + 1]), Integer.parseInt(arguments[i]));
            shares.get(i / 2 % THREADS).add(target);
        }
        TruncatorProgram program = new TruncatorProgram(System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
        List<Thread> threads = new ArrayList<>();
        for (List<Target> share : shares) {
            SplittableRandom own = random.split();
            threads.add(Thread.ofPlatform().daemon().start(() -> program.storm(share, own)));
        }
        System.out.println("ready");
        program.awaitEnd();
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("truncations=" + program.truncations);
    }

    private void awaitEnd() throws IOException {
        while (System.in.read() >= 0) {
            // only the end of the input matters
        }
        isOver.set(true);
    }

    private void storm(List<Target> targets, SplittableRandom random) {
        try {
            while (!isOver.get()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("standard input was not closed before the deadline");
                }
                truncateAndRegrow(targets.get(random.nextInt(targets.size())), random);
            }
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private void truncateAndRegrow(Target target, SplittableRandom random) throws IOException {
        int unit = target.unit;
        byte[] content = target.content;
        int newEnd = random.nextInt(8) == 0 ? 0 : random.nextInt(content.length) / unit * unit;
        target.channel.truncate(newEnd);
        truncations.incrementAndGet();
        while (newEnd < content.length) {
            int more = Math.min(content.length - newEnd, unit * random.nextInt(1, 1 + PIECE_BYTES / unit));
            ByteBuffer piece = ByteBuffer.wrap(content, newEnd, more);
            while (piece.hasRemaining()) {
                target.channel.write(piece, piece.position());
            }
            newEnd += more;
        }
    }
}
