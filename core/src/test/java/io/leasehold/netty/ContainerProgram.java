package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.BarrierLitmus;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Outgoing;
import io.leasehold.os.Received;
import io.leasehold.os.SeccompFilter;
import io.leasehold.os.SeccompFilter.Call;
import io.leasehold.os.UdpSocket;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenaStats;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// Main class of the JVMs that [ContainerTest] starts. It uses all of Leasehold while a seccomp filter rejects system
/// calls. It installs the filter itself, either before the first class of Leasehold is loaded or while everything is in
/// use.
///
/// Prints `ok`, or `skipped` if the machine installs no filter; otherwise it fails.
final class ContainerProgram {

    /// The system calls to reject, the error number, and whether the filter is installed late.
    static final String CALLS = "test.calls";

    static final String ERRNO = "test.errno";
    static final String LATE = "test.late";

    private static final int MIB = 1 << 20;
    private static final int WINDOW_BYTES = 64 << 10;
    private static final int FILE_BYTES = 4 * WINDOW_BYTES;
    private static final int DATAGRAMS = 4;
    private static final int LITMUS_ROUNDS = 5_000;

    private final Set<Call> refused;
    private final boolean isLate;
    private final LeasedByteBufAllocator allocator;
    private final PageArena arena;
    private final LeasePool pool;
    private final Path path;
    private final WindowCache cache;
    private final MappedFile file;
    private final JumboPool<String> ring;
    private final UdpSocket receiver;

    private ContainerProgram(Set<Call> refused, boolean isLate) throws IOException {
        this.refused = refused;
        this.isLate = isLate;
        this.allocator = TestAllocators.builder("container", 64 * MIB).build();
        this.arena = PageArena.open(options("container arena"));
        this.pool = LeasePool.open(arena, LeasePoolOptions.directMap());
        this.path = Files.createTempFile("leasehold-container", ".dat");
        Files.write(path, new byte[FILE_BYTES]);
        this.cache = WindowCache.open(
                arena,
                WindowCacheOptions.builder()
                        .windows(8, WINDOW_BYTES)
                        .extents(2, 4 * WINDOW_BYTES)
                        .dirtyByteSize(WINDOW_BYTES)
                        .build());
        this.file = cache.open(path, MappedFileOptions.owned());
        this.ring = JumboPool.open(
                arena,
                JumboOptions.builder().bufferSize(BufferSize.KIB_9).pages(0, 64).build(),
                (_, page, _, _) -> "page " + page);
        this.receiver = Datagrams.system().open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static PageArenaOptions options(String name) {
        return PageArenaOptions.builder()
                .name(name)
                .byteSize(16 * MIB)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of(name, 32 * MIB))
                .build();
    }

    public static void main(String[] arguments) throws Throwable {
        Set<Call> refused = EnumSet.noneOf(Call.class);
        for (String name : System.getProperty(CALLS).split(",")) {
            refused.add(Call.valueOf(name));
        }
        int errno = Integer.getInteger(ERRNO);
        boolean isLate = Boolean.getBoolean(LATE);
        if (!isLate && !SeccompFilter.install(refused, errno)) {
            System.out.println("skipped");
            return;
        }
        ContainerProgram program = new ContainerProgram(refused, isLate);
        program.use();
        if (isLate && !SeccompFilter.install(refused, errno)) {
            System.out.println("skipped");
            return;
        }
        program.giveBack();
        program.use();
        program.giveBack();
        program.checkFence();
        program.checkLock();
        program.checkMemoryFile();
        program.close();
        System.out.println("ok, " + VirtualMemory.system());
    }

    private void use() throws Exception {
        useBuffers();
        Thread other = Thread.ofPlatform().start(this::useBuffers); // leaves buffers in the magazine of a dead thread
        other.join();
        useLease();
        useWindows();
        useRing();
        useSockets();
    }

    private void useBuffers() {
        List<ByteBuf> buffers = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            ByteBuf buffer = allocator.directBuffer(i % 3 == 0 ? 100 : i % 3 == 1 ? 4096 : 70_000);
            buffer.writeZero(buffer.capacity()).setInt(0, i);
            buffers.add(buffer);
        }
        for (int i = 0; i < buffers.size(); i++) {
            check(buffers.get(i).getInt(0) == i, "a buffer keeps its content");
            buffers.get(i).release();
        }
    }

    private void useLease() {
        long page = arena.allocate();
        arena.frames().wire(page);
        try (Lease lease = pool.acquire(page)) {
            OffHeap.putLong(lease.address(), 42);
            check(OffHeap.getLong(arena.frames().address(page)) == 42, "a lease reaches its page");
        }
        arena.frames().unwire(page);
        arena.free(page);
    }

    private Window allocateWindow(long byteOffset, long byteSize, AccessAdvice advice, int flags) throws IOException {
        return Objects.requireNonNull(cache.alloc(file, byteOffset, byteSize, advice, flags));
    }

    private void useWindows() throws IOException {
        for (int part = 0; part < 4; part++) {
            long from = (long) part * WINDOW_BYTES;
            Window window = allocateWindow(from, WINDOW_BYTES, AccessAdvice.RANDOM, WindowFlag.WRITE);
            window.segment().fill((byte) (part + 1));
            boolean isCopy = window.isPrivate();
            check(window.byteSize() == WINDOW_BYTES || isCopy, "a window has the size that was wanted");
            long byteSize = window.byteSize();
            cache.release(window, 0);
            file.force(from, byteSize);
            Window read = allocateWindow(from, byteSize, AccessAdvice.SEQUENTIAL, WindowFlag.READ);
            check(read.segment().get(ValueLayout.JAVA_BYTE, byteSize - 1) == part + 1, "a window shows the file");
            if (!isLate && refused.contains(Call.MEMFD_CREATE)) {
                check(read.isPrivate(), "without a memory file windows are copies");
            } else {
                check(!read.isPrivate(), "a window for reading is in place");
            }
            cache.release(read, WindowFlag.UNMAP);
            check(Files.readAllBytes(path)[part * WINDOW_BYTES] == part + 1, "the file has what was written");
        }
        file.force();
    }

    private void useRing() {
        long[] handles = new long[40];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = ring.tryAllocate();
            check(handles[i] != JumboPool.NONE, "the ring has a page");
            OffHeap.putLong(ring.address(handles[i]), i);
        }
        for (int i = 0; i < handles.length; i++) {
            check(OffHeap.getLong(ring.address(handles[i])) == i, "a page of the ring keeps its content");
            ring.free(handles[i]);
        }
    }

    private void useSockets() throws IOException {
        long run = arena.allocateRun(2 * DATAGRAMS);
        long address = arena.frames().address(run);
        Received received = new Received(DATAGRAMS);
        for (int i = 0; i < DATAGRAMS; i++) {
            received.place(i, address + (DATAGRAMS + i) * 4096L, 4096);
        }
        UdpSocket sender = Datagrams.system().open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        for (int i = 0; i < DATAGRAMS; i++) {
            sender.send(new Outgoing().to(receiver.local()), address, 100 + i, 100 + i);
        }
        for (int seen = 0; seen < DATAGRAMS; ) {
            check(receiver.awaitReadable(10_000_000_000L), "a datagram arrives");
            int count = receiver.receive(received, DATAGRAMS);
            for (int i = 0; i < count; i++, seen++) {
                check(received.byteSize(i) == 100 + seen, "datagrams arrive in order");
            }
        }
        sender.close();
        arena.free(run);
    }

    /// Gives memory back. Without madvise(2), memory goes back only when an arena closes.
    private void giveBack() {
        allocator.trim();
        ring.trim();
        arena.trim();
        PageArenaStats stats = allocator.arena().stats();
        check(
                (allocator.residentBytes() < 0) == refused.contains(Call.MINCORE),
                "resident bytes are unknown if refused");
        check(stats.cachedPages() == 0 && stats.livePages() == 0, "nothing stays in magazines: " + stats);
        if (!refused.contains(Call.MADVISE)) {
            check(stats.idlePages() == 0, "idle memory goes back: " + stats);
            if (!refused.contains(Call.MINCORE)) {
                check(allocator.arena().residentBytes() == 0, "the kernel has the memory");
            }
        }
    }

    private void checkFence() throws InterruptedException {
        VirtualMemory memory = VirtualMemory.system();
        check(memory.can(Capability.BARRIER) == (isLate || !refused.contains(Call.MEMBARRIER)), "the probe is right");
        if (memory.can(Capability.BARRIER)) {
            int violations = BarrierLitmus.violations(memory::barrier, LITMUS_ROUNDS);
            check(violations == 0, "the barrier orders: violations=" + violations);
        }
    }

    private void checkLock() {
        boolean isRefused = refused.contains(Call.MLOCK);
        PageArenaOptions options = options("locked").toBuilder().lockWired(true).build();
        if (!isLate && (isRefused || refused.contains(Call.MUNLOCK))) {
            try (PageArena locked = PageArena.open(options)) {
                throw new AssertionError("opened: " + locked);
            } catch (IllegalArgumentException e) {
                check(
                        String.valueOf(e.getMessage()).contains("mlock(2): arena=locked"),
                        "the message names the call: " + e);
            }
            return;
        }
        try (PageArena locked = PageArena.open(options)) {
            long page = locked.allocate();
            try {
                locked.frames().wire(page);
                check(!isRefused, "a failed lock is reported");
                locked.frames().unwire(page);
            } catch (SystemCallException e) {
                check(
                        isRefused && String.valueOf(e.getMessage()).contains("seccomp profile"),
                        "the message says what to do: " + e);
            }
            locked.free(page);
        }
    }

    private void checkMemoryFile() {
        boolean isRefused = refused.contains(Call.MEMFD_CREATE);
        try (PageArena backed =
                PageArena.open(options("file").toBuilder().memoryFile(true).build())) {
            check(!isRefused, "a failed memory file is reported");
            backed.free(backed.allocateRun(100));
            backed.trim();
        } catch (SystemCallException e) {
            check(isRefused && Errno.refusesCall(e.errno()), "only the filter refuses: " + e);
            check(
                    String.valueOf(e.getMessage()).startsWith("memfd_create(name=file) failed: "),
                    "the message names the call: " + e);
            check(String.valueOf(e.getMessage()).contains("allow memfd_create"), "the message says what to do: " + e);
        }
    }

    private void close() throws IOException {
        receiver.close();
        ring.close();
        file.close();
        cache.close();
        pool.close();
        arena.close();
        allocator.close();
        Files.delete(path);
    }

    private static void check(boolean holds, String promise) {
        if (!holds) {
            throw new AssertionError("broken: " + promise);
        }
    }
}
