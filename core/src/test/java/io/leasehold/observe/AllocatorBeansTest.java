package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AllocatorBeansTest {

    private static final long LIMIT = 16L << 20;

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final List<LeasedByteBufAllocator> allocators = new ArrayList<>();

    private final long sampleBytes = Profile.sampleBytes();

    @AfterEach
    void close() {
        Profile.sampleBytes(sampleBytes);
        allocators.forEach(LeasedByteBufAllocator::close);
    }

    private LeasedByteBufAllocator open(String name) {
        LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name(name).byteLimit(LIMIT).build();
        allocators.add(allocator);
        return allocator;
    }

    /// Waits until the maintenance thread has registered an allocator.
    private ObjectName await(String pattern) throws Exception {
        ObjectName name = new ObjectName(pattern);
        Eventually.holds(pattern + " is registered", () -> server.isRegistered(name));
        return name;
    }

    @Test
    void aScrapeOfBufferPoolsFindsAnOpenAllocatorWithoutACall() throws Exception {
        LeasedByteBufAllocator allocator = open("scraped");
        ByteBuf buf = allocator.directBuffer(4096);
        ObjectName name = await("java.nio:type=BufferPool,name=leasehold-scraped");

        Set<ObjectName> scraped = server.queryNames(new ObjectName("java.nio:type=BufferPool,name=*"), null);
        assertThat(scraped).contains(name, new ObjectName("java.nio:type=BufferPool,name=direct"));
        AttributeList values =
                server.getAttributes(name, new String[] {"Name", "Count", "TotalCapacity", "MemoryUsed"});
        assertThat(values.asList())
                .contains(
                        new Attribute("Name", "leasehold-scraped"),
                        new Attribute("Count", 1L),
                        new Attribute("TotalCapacity", 4096L))
                .hasSize(4);
        BufferPoolMXBean pool = JMX.newMXBeanProxy(server, name, BufferPoolMXBean.class);
        assertThat(pool.getMemoryUsed()).isEqualTo(allocator.metric().committedBytes());
        buf.release();
        assertThat(pool.getCount()).isZero();

        allocator.close();
        assertThat(server.isRegistered(name)).isFalse();
    }

    @Test
    void anAllocatorWithoutDecayIsRegistered() throws Exception {
        allocators.add(LeasedByteBufAllocator.builder()
                .name("kept")
                .byteLimit(LIMIT)
                .decay(PageArenaOptions.NO_DECAY)
                .build());
        ObjectName name = await("java.nio:type=BufferPool,name=leasehold-kept");
        assertThat(server.getAttribute(name, "Count")).isEqualTo(0L);
    }

    @Test
    void theBeanHasTheNumbersAndTheOperations() throws Exception {
        LeasedByteBufAllocator allocator = open("operated");
        ByteBuf buf = allocator.directBuffer(4096);
        ByteBuf onHeap = allocator.heapBuffer(1000);
        AllocatorMXBean bean =
                JMX.newMXBeanProxy(server, await("io.leasehold:type=Allocator,name=operated"), AllocatorMXBean.class);
        assertThat(bean.getName()).isEqualTo("operated");
        assertThat(bean.getLimitBytes()).isEqualTo(LIMIT);
        assertThat(bean.getReservedBytes()).isGreaterThanOrEqualTo(LIMIT);
        assertThat(bean.getPinnedBuffers()).isEqualTo(2);
        assertThat(bean.getPinnedBytes()).isEqualTo(4096 + 1024);
        assertThat(bean.getCommittedBytes()).isEqualTo(allocator.metric().committedBytes());
        assertThat(bean.getDirectBytes()).isEqualTo(allocator.metric().usedDirectMemory());
        assertThat(bean.getHeapBytes()).isEqualTo(allocator.metric().usedHeapMemory());
        assertThat(bean.getDirectBuffersBySize()).containsEntry(4096, 1L);
        assertThat(bean.dump()).startsWith("operated: limit ");
        assertThat(bean.getResidentBytes()).isEqualTo(allocator.residentBytes());
        assertThat(bean.getHolders()).containsExactly(Map.entry("operated", 5120L));
        assertThat(bean.getRefusals()).isZero();
        assertThat(bean.getKernelFaults()).isZero();
        buf.release();
        onHeap.release();
        long trimmed = bean.trim();
        assertThat(trimmed).isNotNegative();
        assertThat(bean.getPinnedBytes()).isZero();
        assertThat(bean.getCachedBytes()).isZero();
    }

    @Test
    void theBeanNamesTheStacksThatHoldMemory() throws Exception {
        Profile.sampleBytes(64); // each buffer of 2 MiB is sampled, also at a slower pace, and stands for itself
        LeasedByteBufAllocator allocator = open("sampled");
        List<ByteBuf> held = new ArrayList<>();
        try (Holder holder = Holder.tag("hoard of beans")) {
            assertThat(holder).isNotNull();
            for (int i = 0; i < 4; i++) {
                held.add(allocator.directBuffer(2 << 20));
            }
        }
        held.add(allocator.heapBuffer(2 << 20));
        AllocatorMXBean bean =
                JMX.newMXBeanProxy(server, await("io.leasehold:type=Allocator,name=sampled"), AllocatorMXBean.class);
        String frame = AllocatorBeansTest.class.getName() + ".theBeanNamesTheStacksThatHoldMemory";
        assertThat(bean.holderTable(5))
                .startsWith("hoard of beans: 8,388,608 B")
                .contains("by stack", frame, "80 %");
        assertThat(bean.holderTable(1)).contains("  and 1 more");
        assertThat(bean.collapsedStacks())
                .containsPattern("hoard of beans;.*" + frame + " 8388608\n")
                .containsPattern("sampled;.*" + frame + " 2097152\n");
        PprofReader pprof = PprofReader.read(bean.pprof());
        assertThat(pprof.rows.getFirst().functions().getFirst()).isEqualTo(frame);
        assertThat(pprof.rows.getFirst().labels()).containsEntry("tag", "hoard of beans");
        assertThatThrownBy(() -> bean.holderTable(0)).hasMessageContaining("rows is too low: rows=0, min=1");
        held.forEach(ByteBuf::release);
        assertThat(bean.collapsedStacks()).isEmpty();
    }

    @Test
    void errorsOfTheBeanAreThoseOfJmx() throws Exception {
        open("asked");
        ObjectName name = await("io.leasehold:type=Allocator,name=asked");
        assertThatThrownBy(() -> server.getAttribute(name, "NoSuchThing"))
                .isInstanceOf(AttributeNotFoundException.class);
        assertThat(server.getMBeanInfo(name).getOperations()).hasSize(5);
    }

    @Test
    void allocatorsWithOneNameGetNumbers() throws Exception {
        LeasedByteBufAllocator first = open("twin");
        await("io.leasehold:type=Allocator,name=twin");
        open("twin");
        ObjectName second = await("java.nio:type=BufferPool,name=leasehold-twin#2");
        first.close();
        assertThat(server.isRegistered(new ObjectName("java.nio:type=BufferPool,name=leasehold-twin")))
                .isFalse();
        assertThat(server.isRegistered(second)).isTrue();
    }

    @Test
    void registeringTwiceIsAnError() throws Exception {
        LeasedByteBufAllocator allocator = open("twice");
        await("io.leasehold:type=Allocator,name=twice");
        assertThatThrownBy(() -> AllocatorBeans.register(allocator))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("an allocator of this name is registered already: allocator=twice, bean=")
                .hasMessageEndingWith("; close its beans, or set io.leasehold.jmx=false to register by hand");
    }

    @Test
    void aNameThatIsTakenInOnePartLeavesNothingBehind() throws Exception {
        ObservedAllocator allocator = new FixedAllocator("half", AllocatorFigures.NONE);
        AllocatorBeans.register(allocator).close();
        ObjectName own = new ObjectName("io.leasehold:type=Allocator,name=half");
        server.registerMBean(new StandardMBean(() -> {}, Runnable.class), own);
        try {
            assertThatThrownBy(() -> AllocatorBeans.register(allocator)).isInstanceOf(IllegalStateException.class);
            assertThat(server.isRegistered(new ObjectName("java.nio:type=BufferPool,name=leasehold-half")))
                    .isFalse();
        } finally {
            server.unregisterMBean(own);
        }
    }

    @Test
    void charactersWithAMeaningAreQuoted() throws Exception {
        for (String odd : List.of("a,b=c", "a:b", "a\"b", "a*b?", "a\nb", "a b", "ä", "\\")) {
            try (AllocatorBeans _ = AllocatorBeans.register(new FixedAllocator(odd, AllocatorFigures.NONE))) {
                ObjectName name = new ObjectName("io.leasehold:type=Allocator,name=" + ObjectName.quote(odd));
                assertThat(server.getAttribute(name, "Name")).isEqualTo(odd);
                assertThat(server.queryNames(new ObjectName("java.nio:type=BufferPool,name=*"), null))
                        .anyMatch(pool -> pool.getKeyProperty("name").equals(ObjectName.quote("leasehold-" + odd)));
            }
        }
    }

    @Test
    void closingTwiceOrAfterTheBeansAreGoneHasNoEffect() throws Exception {
        AllocatorBeans beans = AllocatorBeans.register(new FixedAllocator("gone", AllocatorFigures.NONE));
        server.unregisterMBean(new ObjectName("io.leasehold:type=Allocator,name=gone"));
        beans.close();
        beans.close();
        assertThat(server.queryNames(new ObjectName("java.nio:*"), null))
                .noneMatch(name -> name.toString().contains("leasehold-gone"));
    }
}
