package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.ProjectFiles;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.TestMemory;
import io.leasehold.snippets.DatagramsExample;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Datagram batches for users of the module, with JDK types alone.
class DatagramPortTest {

    private static final String MODULE = "module user { requires io.leasehold; exports user; }";

    @Test
    void exampleSendsAndReceives() {
        assertThat(DatagramsExample.sendAndReceive()).isEqualTo(45);
    }

    /// Compiled and run as a module of its own, which reads the packages that ours exports.
    @Test
    void exampleNeedsNothingThatIsNotExported(@TempDir Path directory) throws Exception {
        Module ours = DatagramPort.class.getModule();
        TestMemory.require(ours.isNamed(), "there are no modules on the class path");
        Path sources = Files.createDirectories(directory.resolve("sources/user"));
        String example =
                Files.readString(ProjectFiles.core("src/test/java/io/leasehold/snippets/DatagramsExample.java"));
        Path source = sources.resolve("DatagramsExample.java");
        Files.writeString(source, example.replace("package io.leasehold.snippets;", "package user;"));
        Path descriptor = sources.resolveSibling("module-info.java");
        Files.writeString(descriptor, MODULE);
        Path classes = directory.resolve("classes");
        assertThat(ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(
                                System.out,
                                System.err,
                                List.of(
                                                "-proc:none",
                                                "--module-path",
                                                "target/classes",
                                                "-d",
                                                classes.toString(),
                                                descriptor.toString(),
                                                source.toString())
                                        .toArray(String[]::new)))
                .isZero();
        ModuleLayer layer = ours.getLayer();
        Configuration configuration =
                layer.configuration().resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of("user"));
        ClassLoader loader = layer.defineModulesWithOneLoader(configuration, ours.getClassLoader())
                .findLoader("user");
        Object sum = loader.loadClass("user.DatagramsExample")
                .getMethod("sendAndReceive")
                .invoke(null);
        assertThat(sum).isEqualTo(45L);
    }

    @Test
    void portIsSharedAndClosedByItsOwner() {
        DatagramPort port = DatagramPort.open(DatagramFixture.loopback());
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 8, 1);
                DatagramPort peer =
                        DatagramPort.open(DatagramFixture.loopback()).connect(port.local())) {
            for (int i = 0; i < 2; i++) {
                try (DatagramSource<JumboView> source = port.newSource(fixture.pool(), 2)) {
                    assertThat(source.port()).isSameAs(port);
                    long handle = fixture.pool().tryAllocate();
                    DatagramSender sender = peer.newSender().handOver(fixture.pool(), handle, 10, 5);
                    DatagramFixture.sendRest(sender);
                    int[] segments = new int[1];
                    while (segments[0] < 2) {
                        assertThat(source.awaitReadable(DatagramFixture.SOON)).isTrue();
                        source.receive(datagram -> segments[0] += datagram.segmentCount(), 2);
                    }
                }
            }
            assertThat(peer.splitCount()).isEqualTo(DatagramPort.hasGso() ? 0 : 2);
            port.close();
            assertThatThrownBy(() -> port.newSource(fixture.pool(), 2)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void closedPortHasNoNewSource() {
        try (JumboFixture large = new JumboFixture(BufferSize.KIB_64, 8, 1);
                JumboFixture small = new JumboFixture(BufferSize.KIB_4, 8, 1)) {
            DatagramSource<JumboView> owner = DatagramSource.open(DatagramFixture.loopback(), small.pool(), 1);
            DatagramPort port = owner.port();
            owner.close();
            assertThatThrownBy(() -> port.newSource(large.pool(), 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> port.newSource(small.pool(), 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port is closed");
        }
    }

    @Test
    void bufferSizesAreSetByOptionsOfTheJdk() {
        try (DatagramPort port = DatagramPort.open(DatagramFixture.loopback())) {
            assertThat(port.resize(StandardSocketOptions.SO_RCVBUF, 100_000)).isPositive();
            assertThat(port.resize(StandardSocketOptions.SO_SNDBUF, 100_000)).isPositive();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> port.resize(StandardSocketOptions.IP_TOS, 1))
                    .withMessageContainingAll("IP_TOS", "SO_RCVBUF");
        }
    }
}
