package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.os.AddressSpace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jdk.jfr.Recording;

/// Main class of the JVMs that [DroppedLoaderTest] starts: a server that starts and stops applications, each with the
/// library in a class loader of its own. None of them closes anything.
final class DroppedLoaderProgram {

    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /// Memory that the JVM itself may allocate meanwhile: a jar, threads, a part of its heap or of its code cache.
    private static final Held SLACK = new Held(4, 120, 512 << 20);

    private static final Held UNLIMITED = new Held(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);

    private DroppedLoaderProgram() {}

    /// Runs applications, and prints the kernel resources of the process before and after.
    ///
    /// @param arguments number of applications; `true` if the server has JMX and a flight recording; then the class
    ///     path of each application
    public static void main(String[] arguments) throws Exception {
        List<URL> path = new ArrayList<>();
        for (String entry : List.of(arguments).subList(2, arguments.length)) {
            path.add(URI.create(entry).toURL());
        }
        URL[] urls = path.toArray(URL[]::new);
        boolean isObserved = Boolean.parseBoolean(arguments[1]);
        if (isObserved) {
            beans();
            new Recording().start();
        }
        collect(start(urls, 1, isObserved), UNLIMITED); // the first application makes what the JVM keeps
        Held before = Held.now();
        List<WeakReference<ClassLoader>> loaders = start(urls, Integer.parseInt(arguments[0]), isObserved);
        Held during = Held.now();
        collect(loaders, before.plus(SLACK));
        Held after = Held.now();
        System.out.println("before=" + before);
        System.out.println("during=" + during);
        System.out.println("after=" + after);
        System.out.println("left=" + left(loaders));
        System.out.println("beans=" + (isObserved ? beans() : 0));
        System.out.println("isBack=" + after.isWithin(before.plus(SLACK)));
        System.out.println("threads="
                + Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("leasehold"))
                        .count());
    }

    /// {@return the number of beans that show memory of an application}
    private static int beans() {
        return ManagementFactory.getPlatformMBeanServer().queryNames(null, null).stream()
                .filter(name -> name.getCanonicalName().contains("leasehold"))
                .toList()
                .size();
    }

    /// Waits until the maintenance thread of an application has registered its beans.
    private static void awaitBeans(int more) {
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        while (beans() < more && System.nanoTime() < deadline) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
    }

    private static List<WeakReference<ClassLoader>> start(URL[] urls, int count, boolean isObserved) throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
                Runnable application = (Runnable) loader.loadClass(Application.class.getName())
                        .getConstructor()
                        .newInstance();
                int beans = isObserved ? beans() : 0;
                application.run();
                if (isObserved) {
                    awaitBeans(beans + 3); // two of the allocator, and that of all holders
                }
                loaders.add(new WeakReference<>(loader));
            }
        }
        return loaders;
    }

    private static void collect(List<WeakReference<ClassLoader>> loaders, Held limit) throws IOException {
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        while ((left(loaders) > 0 || !Held.now().isWithin(limit)) && System.nanoTime() < deadline) {
            System.gc();
            LockSupport.parkNanos(LOOK_AGAIN_NANOS); // for the threads that clean up
        }
    }

    private static long left(List<WeakReference<ClassLoader>> loaders) {
        return loaders.stream().filter(loader -> loader.get() != null).count();
    }

    /// The kernel resources of a process.
    ///
    /// @param descriptors number of open descriptors
    /// @param mappings number of mappings
    /// @param addressBytes bytes of address space
    private record Held(int descriptors, int mappings, long addressBytes) {

        static Held now() throws IOException {
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
                String size = Files.readAllLines(Path.of("/proc/self/statm"))
                        .getFirst()
                        .split(" ")[0];
                return new Held(
                        (int) open.count(),
                        Files.readAllLines(Path.of("/proc/self/maps")).size(),
                        Long.parseLong(size) * 4096);
            }
        }

        Held plus(Held more) {
            return new Held(descriptors + more.descriptors, mappings + more.mappings, addressBytes + more.addressBytes);
        }

        boolean isWithin(Held limit) {
            return descriptors <= limit.descriptors && mappings <= limit.mappings && addressBytes <= limit.addressBytes;
        }
    }

    /// Uses every layer of the library and leaves all of it open. Loaded by the class loader of one application.
    public static final class Application implements Runnable {

        /// Called by reflection.
        public Application() {}

        @Override
        public void run() {
            try {
                LeasedByteBufAllocator.DEFAULT.directBuffer(100_000).release();
                LeasedByteBufAllocator.DEFAULT.heapBuffer(1_000).release();
                PageArena arena = PageArena.open(PageArenaOptions.builder()
                        .name("application")
                        .byteSize(32 << 20)
                        .memoryFile(AddressSpace.isNative())
                        .budget(MemoryBudget.of("application", 64 << 20))
                        .build());
                arena.free(arena.allocate());
                LeasePool leases = LeasePool.open(
                        arena, AddressSpace.isNative() ? LeasePoolOptions.windowed(4) : LeasePoolOptions.directMap());
                long page = arena.allocate();
                arena.frames().wire(page);
                leases.acquire(page).close();
                JumboPool<Object> ring =
                        JumboPool.open(arena, JumboOptions.defaults(), (of, number, address, size) -> new Object());
                ring.free(ring.allocate());
                Path file = Files.createTempFile("leasehold", "application");
                Files.write(file, new byte[10_000]);
                WindowCache windows = WindowCache.open(arena, WindowCacheOptions.defaults());
                MappedFile mapped = windows.open(file, MappedFileOptions.owned());
                if (!AddressSpace.isNative()) {
                    mapped.close(); // the JDK does not close an unreachable channel of this kind
                }
                Files.delete(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
