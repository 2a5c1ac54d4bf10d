package io.leasehold.bench.scenario.server;

import io.leasehold.bench.subject.JvmMode;
/// The settings that all compared allocators share.
///
/// @param transport of the server
/// @param tls true if the connections are encrypted
/// @param mode of the JDK
/// @param depth requests that each connection has in flight
/// @param flatRounds number of rounds at full load for each allocator
/// @param rateRounds number of those rounds that also run at the fixed rate
public record Setting(Transport transport, boolean tls, JvmMode mode, int depth, int flatRounds, int rateRounds) {

    /// Checks that each round at the fixed rate has one at full load, with which it shares the server.
    ///
    /// @throws IllegalArgumentException if `depth` or `flatRounds` is below 1, or `rateRounds` is negative or above
    ///     `flatRounds`
    public Setting {
        if (depth < 1 || flatRounds < 1 || rateRounds < 0 || rateRounds > flatRounds) {
            throw new IllegalArgumentException("rounds or depth out of range: depth=" + depth + ", flatRounds="
                    + flatRounds + ", min=1; rateRounds=" + rateRounds + ", min=0, max=" + flatRounds);
        }
    }

    /// {@return the setting as text}
    String text() {
        return transport.text() + (tls ? ", TLS" : ", plain") + ", " + mode.text() + ", "
                + (depth == 1 ? "no pipelining" : depth + " requests deep");
    }

    /// {@return this setting with at most `most` rounds of each kind}
    Setting inRounds(int most) {
        return new Setting(transport, tls, mode, depth, Math.min(most, flatRounds), Math.min(most, rateRounds));
    }
}
