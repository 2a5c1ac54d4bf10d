package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.netty.buffer.ByteBuf;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HoldersBeansTest {

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final long sampleBytes = Profile.sampleBytes();
    private final List<LeasedByteBufAllocator> allocators = new ArrayList<>();
    private ObjectName name;
    private ObjectName secondName;

    @BeforeEach
    void unregister() throws Exception {
        name = new ObjectName("io.leasehold:type=Holders");
        secondName = new ObjectName("io.leasehold:type=Holders,number=2");
        HoldersBeans.unregister();
        assertThat(server.isRegistered(name)).isFalse();
    }

    @AfterEach
    void close() {
        allocators.forEach(LeasedByteBufAllocator::close);
        HoldersBeans.unregister();
        Profile.sampleBytes(sampleBytes);
    }

    private LeasedByteBufAllocator open(String allocator) {
        allocators.add(LeasedByteBufAllocator.builder()
                .name(allocator)
                .byteLimit(16 << 20)
                .build());
        return allocators.getLast();
    }

    private HoldersMXBean bean(ObjectName of) {
        return JMX.newMXBeanProxy(server, of, HoldersMXBean.class);
    }

    @Test
    void allocatorsRegisterTheBeanAndItShowsTheirStacks() throws Exception {
        Profile.sampleBytes(64);
        LeasedByteBufAllocator allocator = open("holders bean");
        ByteBuf direct = allocator.directBuffer(2 << 20);
        ByteBuf onHeap = allocator.heapBuffer(1 << 20);
        direct.touch("decoder");
        Eventually.holds("the bean is there", () -> server.isRegistered(name));

        HoldersMXBean bean = bean(name);
        String frame = HoldersBeansTest.class.getName() + ".allocatorsRegisterTheBeanAndItShowsTheirStacks";
        assertThat(bean.table(500)).contains("allocator    holders bean", "by stack", frame);
        assertThat(bean.collapsedStacks()).containsPattern("holders bean;.*" + frame + " 3145728\n");
        assertThat(PprofReader.read(bean.pprof()).rows)
                .anyMatch(row ->
                        row.functions().getFirst().equals(frame) && row.values().get(1) == 2 << 20);
        assertThat(bean.leakReport(500)).startsWith("leaked: ").doesNotContain(frame);
        assertThat(bean.suspectReport(0, 500))
                .startsWith("in use for at least 0 s: ")
                .contains(frame, "    2,097,152 B last touched: decoder");
        assertThat(bean.suspectReport(Long.MAX_VALUE, 1).lines()).hasSize(1);
        assertThatThrownBy(() -> bean.table(0)).hasMessageContaining("rows is too low: rows=0, min=1");
        assertThatThrownBy(() -> bean.suspectReport(-1, 1)).hasMessageContaining("minAge is too short: minAge=PT-1S");
        direct.release();
        onHeap.release();
    }

    @Test
    void theBeanShowsArenasPoolsAndBlocks() {
        HoldersBeans.register();
        HoldersBeans.register();
        PageArenaOptions options = PageArenaOptions.builder()
                .name("shown arena")
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("shown", 32 << 20))
                .build();
        try (PageArena arena = PageArena.open(options);
                JumboPool<String> ring = JumboPool.open(
                        arena, JumboOptions.builder().name("shown ring").build(), (owner, page, at, size) -> "page");
                LeasePool leases =
                        LeasePool.open(arena, LeasePoolOptions.directMap().withName("shown leases"));
                Blocks blocks = Blocks.open(arena, BlocksOptions.defaults().withName("shown blocks"))) {
            long run = arena.allocateRun(3);
            arena.frames().wire(run);
            long lease = leases.acquireHandle(run);
            long page = ring.allocate();
            Block block = blocks.allocate(1000);

            assertThat(bean(name).table(500))
                    .containsPattern("arena +shown arena ")
                    .containsPattern("page-pool +shown ring ")
                    .containsPattern("lease-pool +shown leases ")
                    .containsPattern("allocator +shown blocks ");

            block.close();
            ring.free(page);
            leases.free(lease);
            arena.frames().unwire(run);
            arena.free(run);
        }
        assertThat(bean(name).table(500)).doesNotContain("shown");
    }

    @Test
    void theRateOfSamplesCanBeSet() {
        HoldersBeans.register();
        HoldersMXBean bean = bean(name);
        bean.setSampleBytes(12_345);
        assertThat(bean.getSampleBytes()).isEqualTo(12_345);
        assertThat(Profile.sampleBytes()).isEqualTo(12_345);
        assertThatThrownBy(() -> bean.setSampleBytes(-1)).hasMessageContaining("sampleBytes is out of bounds");
    }

    @Test
    void theBeanOfAnotherCopyHasANumber() throws Exception {
        server.registerMBean(new StandardMBean(() -> {}, Runnable.class), name);
        try {
            HoldersBeans.register();
            assertThat(bean(secondName).leakReport(1)).startsWith("leaked: ");
        } finally {
            server.unregisterMBean(name);
        }
        HoldersBeans.unregister();
        HoldersBeans.unregister();
        assertThat(server.isRegistered(secondName)).isFalse();
    }

    @Test
    void aRegistrationThatFailsLeavesNothingAndDoesNotTouchTheOther() throws Exception {
        for (int number = 1; number <= 100; number++) {
            server.registerMBean(new StandardMBean(() -> {}, Runnable.class), numbered(number));
        }
        try {
            assertThatThrownBy(HoldersBeans::register)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("first=io.leasehold:type=Holders, last=io.leasehold:type=Holders,number=100");
            HoldersBeans.unregister();
            System.gc();
        } finally {
            for (int number = 1; number <= 100; number++) {
                server.unregisterMBean(numbered(number)); // fails if it is gone
            }
        }
    }

    private static ObjectName numbered(int number) throws Exception {
        return new ObjectName("io.leasehold:type=Holders" + (number == 1 ? "" : ",number=" + number));
    }
}
