package io.leasehold.bench.server;

/// What is the same for the allocators that are compared.
///
/// @param transport of the server
/// @param tls whether the connections are encrypted
/// @param mode of the JDK
/// @param depth requests that each connection has under way
/// @param flatRounds how often each allocator runs flat out
/// @param rateRounds how often each then runs at the fixed rate
public record Setting(Transport transport, boolean tls, Mode mode, int depth, int flatRounds, int rateRounds) {

    /// Checks that there is something to take a rate from.
    ///
    /// @throws IllegalArgumentException if there are rounds at a rate and none flat out, or none at all
    public Setting {
        if (depth < 1 || flatRounds < 1 || rateRounds < 0) {
            throw new IllegalArgumentException("a setting needs a depth and a round flat out: depth=" + depth
                    + ", flatRounds=" + flatRounds + ", rateRounds=" + rateRounds);
        }
    }

    Setting on(Transport other) {
        return new Setting(other, tls, mode, depth, flatRounds, rateRounds);
    }

    /// {@return this as a reader is told}
    String text() {
        return transport.text() + (tls ? ", TLS" : ", plain") + ", " + mode.text() + ", "
                + (depth == 1 ? "no pipelining" : depth + " requests deep");
    }

    /// {@return this setting with at most so many rounds}
    Setting inRounds(int most) {
        return new Setting(transport, tls, mode, depth, Math.min(most, flatRounds), Math.min(most, rateRounds));
    }
}
