package io.leasehold.interop;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The class paths of the modules in `src/test/interop`, which a second Maven resolves: the one that runs this build,
/// with its settings, its local repository and, if it is offline, offline too. A class path is resolved once, and again
/// after its POM changed.
final class InteropClassPaths {

    private static final long LIMIT_SECONDS = 900;

    private final Path folder;

    /// @param folder where to keep the class paths between runs
    InteropClassPaths(Path folder) {
        this.folder = folder;
    }

    /// Resolves the class paths of these modules. Those that cannot be resolved are left out.
    void resolve(List<String> modules) throws IOException, InterruptedException {
        List<String> missing = new ArrayList<>();
        for (String module : modules) {
            if (of(module).isEmpty()) {
                missing.add(module);
            }
        }
        String home = System.getProperty("leasehold.maven.home");
        if (missing.isEmpty() || home == null) {
            return;
        }
        Files.createDirectories(folder);
        Path log = folder.resolve("maven.log");
        ProcessBuilder builder = new ProcessBuilder(command(home, missing))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putIfAbsent("MAVEN_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        Process maven = builder.start();
        if (!maven.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            maven.descendants().forEach(ProcessHandle::destroyForcibly);
            maven.destroyForcibly().waitFor();
        }
        if (maven.exitValue() != 0) {
            System.out.println("interoperability: not every class path was resolved, see " + log);
        }
    }

    private List<String> command(String home, List<String> modules) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(home, "bin", File.separatorChar == '/' ? "mvn" : "mvn.cmd")
                        .toString(),
                "-B",
                "-ntp",
                "-q",
                "--fail-at-end",
                "-f",
                InteropServer.FOLDER.resolve("pom.xml").toString(),
                "-pl",
                String.join(",", modules),
                "-Dinterop.output=" + folder.toAbsolutePath(),
                "-Dmaven.repo.local=" + System.getProperty("leasehold.maven.repository"),
                "dependency:build-classpath"));
        option(command, "-s", "leasehold.maven.settings");
        option(command, "-gs", "leasehold.maven.globalSettings");
        if (System.getProperty("leasehold.maven.offline", "").equals("offline:true")) {
            command.add("-o");
        }
        return command;
    }

    private static void option(List<String> command, String option, String property) {
        String file = System.getProperty(property, "").replaceFirst("^file:", "");
        if (Files.isRegularFile(Path.of(file))) {
            command.addAll(List.of(option, file));
        }
    }

    /// {@return the class path of a module, if it was resolved, is not older than its POM, and all its files exist}
    Optional<List<Path>> of(String module) throws IOException {
        Path file = folder.resolve(module + ".classpath");
        Path pom = InteropServer.FOLDER.resolve(module).resolve("pom.xml");
        if (!Files.exists(file) || Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(pom)) < 0) {
            return Optional.empty();
        }
        List<Path> jars = Stream.of(Files.readString(file).strip().split(File.pathSeparator))
                .map(Path::of)
                .toList();
        return jars.stream().allMatch(Files::exists) ? Optional.of(jars) : Optional.empty();
    }
}
