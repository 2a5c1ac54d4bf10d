package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.RequestTarget;
import java.nio.file.Path;

/// Main class of the JVM that [FileFolderTest] starts in another locale. Prints the length of each file that it finds.
final class FileFolderProgram {

    private FileFolderProgram() {}

    /// Finds files.
    ///
    /// @param arguments URI of a folder, and request targets
    public static void main(String[] arguments) throws Exception {
        FileFolder folder = new FileFolder(Path.of(java.net.URI.create(arguments[0])), false);
        for (int i = 1; i < arguments.length; i++) {
            RequestTarget target = RequestTarget.parse(arguments[i]).orElseThrow();
            System.out.println(folder.find(target).byteSize());
        }
    }
}
