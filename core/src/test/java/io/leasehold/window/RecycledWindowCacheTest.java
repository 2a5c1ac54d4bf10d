package io.leasehold.window;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contracts of the tier RECYCLED.
class RecycledWindowCacheTest
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
        return WindowTier.RECYCLED;
    }

    @Override
    public Path folder() {
        return folder;
    }
}
