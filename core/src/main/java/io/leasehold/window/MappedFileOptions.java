package io.leasehold.window;

/// What a file is opened with; start from [#defaults()] and change what differs.
///
/// @param trust who may change its length
/// @param writable whether it is opened for writing too, which needs [FileTrust#OWNED]
/// @param create whether it is made if it is missing, which needs `writable`
/// @param tier how its bytes are reached
public record MappedFileOptions(FileTrust trust, boolean writable, boolean create, WindowTier tier) {

    private static final MappedFileOptions DEFAULTS =
            new MappedFileOptions(FileTrust.FOREIGN, false, false, WindowTier.AUTO);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if they do not go together
    public MappedFileOptions {
        if (writable && trust != FileTrust.OWNED) {
            throw new IllegalArgumentException("only an OWNED file is written: trust=" + trust);
        }
        if (create && !writable) {
            throw new IllegalArgumentException("a file that is made must be writable");
        }
    }

    /// {@return a file that others may cut, for reading, reached as the cache chooses}
    public static MappedFileOptions defaults() {
        return DEFAULTS;
    }

    /// {@return a file of ours, for writing, made if it is missing}
    public static MappedFileOptions owned() {
        return new MappedFileOptions(FileTrust.OWNED, true, true, WindowTier.AUTO);
    }

    /// {@return these options with another trust, for reading}
    ///
    /// @param newTrust the value to use instead
    public MappedFileOptions withTrust(FileTrust newTrust) {
        return new MappedFileOptions(newTrust, false, false, tier);
    }

    /// {@return these options with another tier}
    ///
    /// @param newTier the value to use instead
    public MappedFileOptions withTier(WindowTier newTier) {
        return new MappedFileOptions(trust, writable, create, newTier);
    }
}
