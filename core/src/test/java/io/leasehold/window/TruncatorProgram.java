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

/// Main class of the process that cuts files of others and writes the same bytes again, so that a file never has
/// others. It ends when its standard input does, or when it was forgotten; what it prints last is how often it cut.
final class TruncatorProgram {

    private static final int THREADS = 2;

    /// The largest piece in bytes that is written at once.
    private static final int PIECE_BYTES = 8192;

    private final long deadline; // (C)
    private final AtomicBoolean isOver = new AtomicBoolean(); // (A)
    private final AtomicLong cuts = new AtomicLong(); // (A)

    private TruncatorProgram(long deadline) {
        this.deadline = deadline;
    }

    /// One file, and what its cuts are multiples of.
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

    /// Cuts until its standard input ends.
    ///
    /// @param arguments seconds to live at most, a seed, and for each file the unit of its cuts and its path
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
        System.out.println("cuts=" + program.cuts);
    }

    private void awaitEnd() throws IOException {
        while (System.in.read() >= 0) {
            // only its end is of interest
        }
        isOver.set(true);
    }

    private void storm(List<Target> targets, SplittableRandom random) {
        try {
            while (!isOver.get()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("nobody closed the standard input");
                }
                cutAndRegrow(targets.get(random.nextInt(targets.size())), random);
            }
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private void cutAndRegrow(Target target, SplittableRandom random) throws IOException {
        int unit = target.unit;
        byte[] content = target.content;
        int cut = random.nextInt(8) == 0 ? 0 : random.nextInt(content.length) / unit * unit;
        target.channel.truncate(cut);
        cuts.incrementAndGet();
        while (cut < content.length) {
            int more = Math.min(content.length - cut, unit * random.nextInt(1, 1 + PIECE_BYTES / unit));
            ByteBuffer piece = ByteBuffer.wrap(content, cut, more);
            while (piece.hasRemaining()) {
                target.channel.write(piece, piece.position());
            }
            cut += more;
        }
    }
}
