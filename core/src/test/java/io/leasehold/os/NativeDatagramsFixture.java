package io.leasehold.os;

import org.junit.jupiter.api.BeforeAll;

/// Skips a test class, with a message, if the process makes no native calls.
interface NativeDatagramsFixture extends DatagramsFixture {

    @BeforeAll
    static void skipWithoutNativeCalls() {
        NativeFixture.skipWithoutNativeMemory();
    }
}
