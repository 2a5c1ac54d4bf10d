package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// An error of the JVM may hide that the disk failed, so data that a force or a write-back did not confirm fails.
class FileDurabilityTest {

    private static final int DESCRIPTOR = 7;
    private static final int PAGE = 4096;

    private final List<String> forced = new ArrayList<>();
    private boolean isInterrupted;

    /// {@return a system whose force throws an error of the JVM if `isInterrupted` is set, and is recorded otherwise}
    private Files files() {
        return (Files) Proxy.newProxyInstance(
                Files.class.getClassLoader(), new Class<?>[] {Files.class}, (proxy, method, args) -> {
                    if (isInterrupted) {
                        throw new OutOfMemoryError("injected");
                    }
                    forced.add(args.length == 1 ? "whole file" : args[1] + " +" + args[2]);
                    return null;
                });
    }

    private FileDurability durability(long dirtyByteSize) {
        SystemCallException lost = new SystemCallException("fdatasync", "", Errno.EIO);
        return new FileDurability(files(), DESCRIPTOR, PAGE, dirtyByteSize, lost);
    }

    @Test
    void rangesOfAnInterruptedForceFailUntilTheyAreWrittenAgain() {
        FileDurability durability = durability(Long.MAX_VALUE);
        durability.written(0, PAGE, durability.writing(0, PAGE));
        isInterrupted = true;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(OutOfMemoryError.class);

        isInterrupted = false;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(SystemCallException.class);
        assertThat(forced).isEmpty();
        durability.force(8 * PAGE, 9 * PAGE, 9 * PAGE);

        durability.written(0, PAGE, durability.writing(0, PAGE));
        durability.force(0, PAGE, PAGE);
        assertThat(forced).containsExactly("0 +" + PAGE);
    }

    @Test
    void rangesOfAnInterruptedWriteBackFailUntilTheyAreWrittenAgain() {
        FileDurability durability = durability(PAGE);
        durability.written(0, PAGE, durability.writing(0, PAGE));
        isInterrupted = true;
        assertThatThrownBy(durability::writeBackIfMuch).isInstanceOf(OutOfMemoryError.class);

        isInterrupted = false;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(SystemCallException.class);
        durability.written(0, PAGE, durability.writing(0, PAGE));
        durability.force(0, PAGE, PAGE);
        assertThat(forced).containsExactly("0 +" + PAGE);
    }

    @Test
    void changeOfTheLengthIsForcedByTheNext() {
        FileDurability durability = durability(Long.MAX_VALUE);
        durability.grownOverHole();
        isInterrupted = true;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(OutOfMemoryError.class);

        isInterrupted = false;
        durability.force(0, PAGE, PAGE);

        assertThat(forced).containsExactly("whole file");
    }
}
