package io.leasehold.bench.scenario.server;

import io.leasehold.bench.subject.JvmMode;
/// The settings that all compared allocators share.
///
/// @param transport of the server
/// @param tls true if the connections are encrypted
/// @param mode of the JDK
/// @param depth requests that each connection has in flight
/// @param flatRounds number of rounds at full load for each allocator
/// @param rateRounds number of rounds at the fixed rate after that
public record Setting(Transport transport, boolean tls, JvmMode mode, int depth, int flatRounds, int rateRounds) {

    /// Checks that there is a round from which the fixed rate is derived.
    ///
    /// @throws IllegalArgumentException if `depth` or `flatRounds` is below 1, or `rateRounds` is negative
    public Setting {
        if (depth < 1 || flatRounds < 1 || rateRounds < 0) {
            throw new IllegalArgumentException("a setting needs a depth and a round at full load: depth=" + depth
                    + ", flatRounds=" + flatRounds + ", rateRounds=" + rateRounds);
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
