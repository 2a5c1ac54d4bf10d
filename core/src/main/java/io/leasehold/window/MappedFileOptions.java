package io.leasehold.window;

import java.util.Objects;

/// Options to open a file with; start from [#defaults()] and change what differs.
///
/// @param trust which processes may change the length of the file
/// @param writable true to open the file for writing too, which needs [FileTrust#OWNED]. A cache opens a file for
///     writing once at a time; objects that only read may be open beside the writer
/// @param create true to create the file if it does not exist, which needs `writable`
/// @param tier how the bytes of the file are reached
public record MappedFileOptions(FileTrust trust, boolean writable, boolean create, WindowTier tier) {

    private static final MappedFileOptions DEFAULTS =
            new MappedFileOptions(FileTrust.FOREIGN, false, false, WindowTier.AUTO);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if the values contradict each other
    /// @throws NullPointerException if the trust or the tier is null; the message names it
    public MappedFileOptions {
        Objects.requireNonNull(trust, "trust is null");
        Objects.requireNonNull(tier, "tier is null");
        if (writable && trust != FileTrust.OWNED) {
            throw new IllegalArgumentException(
                    "only an OWNED file can be writable: trust=" + trust + ", writable=true");
        }
        if (create && !writable) {
            throw new IllegalArgumentException("a file to be created must be writable: create=true, writable=false");
        }
    }

    /// {@return options for reading a FOREIGN file, with a tier that the cache chooses}
    public static MappedFileOptions defaults() {
        return DEFAULTS;
    }

    /// {@return options for writing an OWNED file, which is created if it does not exist; a cache opens a file for
    /// writing once at a time}
    public static MappedFileOptions owned() {
        return new MappedFileOptions(FileTrust.OWNED, true, true, WindowTier.AUTO);
    }

    /// {@return these options with another trust}
    ///
    /// @param newTrust new value
    /// @throws IllegalArgumentException if these options are for writing, and the new trust is not OWNED
    public MappedFileOptions withTrust(FileTrust newTrust) {
        return new MappedFileOptions(newTrust, writable, create, tier);
    }

    /// {@return these options with another tier}
    ///
    /// @param newTier new value
    public MappedFileOptions withTier(WindowTier newTier) {
        return new MappedFileOptions(trust, writable, create, newTier);
    }
}
