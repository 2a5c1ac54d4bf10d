package io.leasehold.window;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contracts of the tier DIRECT.
class DirectWindowCacheTest
        implements WindowReadContract,
                WindowWriteContract,
                WindowForceContract,
                WindowLoanContract,
                WindowSpecialFileContract,
                WindowCloseContract,
                WindowTrustContract {

    @TempDir
    Path folder;

    @Override
    public WindowTier tier() {
        return WindowTier.DIRECT;
    }

    @Override
    public Path folder() {
        return folder;
    }
}
