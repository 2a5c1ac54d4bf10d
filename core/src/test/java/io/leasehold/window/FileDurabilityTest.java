package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.Files;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A force that an error of the JVM interrupts is made up for by the next one.
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

    @Test
    void rangesOfAnInterruptedForceAreForcedByTheNext() {
        FileDurability durability = new FileDurability(files(), DESCRIPTOR, PAGE, Long.MAX_VALUE);
        durability.written(0, PAGE, durability.writing(0, PAGE));
        isInterrupted = true;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(OutOfMemoryError.class);

        isInterrupted = false;
        durability.force(8 * PAGE, 9 * PAGE, 9 * PAGE);

        assertThat(forced).containsExactly("whole file");
        durability.force(0, PAGE, PAGE);
        assertThat(forced).hasSize(1);
    }

    @Test
    void changeOfTheLengthIsForcedByTheNext() {
        FileDurability durability = new FileDurability(files(), DESCRIPTOR, PAGE, Long.MAX_VALUE);
        durability.grownOverHole();
        isInterrupted = true;
        assertThatThrownBy(() -> durability.force(0, PAGE, PAGE)).isInstanceOf(OutOfMemoryError.class);

        isInterrupted = false;
        durability.force(0, PAGE, PAGE);

        assertThat(forced).containsExactly("whole file");
    }
}
