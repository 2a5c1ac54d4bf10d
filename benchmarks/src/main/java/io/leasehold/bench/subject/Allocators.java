package io.leasehold.bench.subject;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/// The compared allocators, and the flags of the JVMs in which they are measured.
///
/// **A rival** is an allocator from outside. Its name is the full name of its class, which is on the class path of
/// every JVM of the run. It has a public constructor without parameters, or with one boolean (`preferDirect`). If it is
/// [AutoCloseable], it is closed at the end.
public final class Allocators {

    /// Name of Leasehold's allocator.
    public static final String LEASED = "leased";

    /// Initial heap of every measured JVM.
    public static final String MIN_HEAP = "-Xms1g";

    /// Maximum heap of every measured JVM.
    public static final String MAX_HEAP = "-Xmx1g";

    /// Allows native access. Without it, Netty uses a shared arena of the JDK for each chunk.
    public static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    /// Allows Unsafe. With it, Netty accesses memory as before JDK 24.
    public static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    private static final List<String> BUILT_IN = List.of(LEASED, "adaptive", "pooled");
    private static final String UNPOOLED = "unpooled";
    private static final String RIVAL = "bench.rival";
    private static final int POLLUTION = 4096;

    private Allocators() {}

    /// {@return true if a name is that of an allocator that is not a rival}
    public static boolean isBuiltIn(String name) {
        return BUILT_IN.contains(name) || name.equals(UNPOOLED) || Observing.NAMES.contains(name);
    }

    /// {@return the names of the allocators that every comparison has: Leasehold, Netty's two, and the rival of this
    /// run}
    public static List<String> names() {
        List<String> names = new ArrayList<>(BUILT_IN);
        String rival = System.getProperty(RIVAL, "");
        if (!rival.isEmpty()) {
            names.add(rival);
        }
        return List.copyOf(names);
    }

    /// {@return an allocator by name, with leak detection at `leakLevel`}
    ///
    /// @param name `leased`, `adaptive`, `pooled`, `unpooled`, one of [Observing#NAMES], or the full name of a class
    /// @param leakLevel one of Netty's levels, for the whole process
    /// @throws IllegalArgumentException if the allocator or the level is unknown
    public static ByteBufAllocator open(String name, String leakLevel) {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.valueOf(leakLevel.toUpperCase(Locale.ROOT)));
        return switch (name) {
            case LEASED -> LeasedByteBufAllocator.builder().name("bench").build();
            case Observing.OBSERVED, Observing.UNOBSERVED -> Observing.open(name);
            case "adaptive" -> new AdaptiveByteBufAllocator(true);
            case "pooled" -> new PooledByteBufAllocator(true);
            case UNPOOLED -> new UnpooledByteBufAllocator(true);
            default -> rival(name, Allocators.class.getClassLoader());
        };
    }

    /// {@return a new allocator of a class}
    ///
    /// @param className full name of the class
    /// @param loader that finds the class
    /// @throws IllegalArgumentException if there is no such class, or it is not an allocator that can be created
    public static ByteBufAllocator rival(String className, ClassLoader loader) {
        try {
            Class<?> type = Class.forName(className, true, loader);
            if (!ByteBufAllocator.class.isAssignableFrom(type)) {
                throw new IllegalArgumentException(
                        "class is not an allocator: name=" + className + "; it must be a ByteBufAllocator");
            }
            Class<? extends ByteBufAllocator> allocator = type.asSubclass(ByteBufAllocator.class);
            try {
                return allocator.getConstructor().newInstance();
            } catch (NoSuchMethodException e) {
                return allocator.getConstructor(boolean.class).newInstance(true);
            }
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(
                    "no such allocator: name=" + className
                            + "; a name other than leased, adaptive, pooled and unpooled must be a class on the"
                            + " class path",
                    e);
        } catch (InvocationTargetException | LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IllegalArgumentException(
                    "allocator cannot be created: name=" + className + ", cause="
                            + cause.toString().replaceAll("\\s+", " "),
                    e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "allocator cannot be created: name=" + className
                            + "; it needs a public constructor without parameters or with one boolean",
                    e);
        }
    }

    /// Uses buffers of all sizes in random order and releases them.
    public static void pollute(ByteBufAllocator allocator, RandomGenerator random) {
        ByteBuf[] buffers = new ByteBuf[POLLUTION];
        for (int i = 0; i < POLLUTION * 16; i++) {
            int slot = random.nextInt(POLLUTION);
            if (buffers[slot] != null) {
                buffers[slot].release();
            }
            buffers[slot] = allocator.directBuffer(8 << random.nextInt(14));
        }
        for (ByteBuf buffer : buffers) {
            if (buffer != null) {
                buffer.release();
            }
        }
    }

    /// {@return the bytes that an allocator took from the system for direct buffers, by its own count; 0 if it does not
    /// count them}
    ///
    /// Leasehold counts committed memory, free or in use. Netty counts its chunks.
    public static long heldBytes(ByteBufAllocator allocator) {
        if (allocator instanceof LeasedByteBufAllocator leased) {
            return leased.metric().committedBytes();
        }
        return allocator instanceof ByteBufAllocatorMetricProvider counting
                ? counting.metric().usedDirectMemory()
                : 0;
    }

    /// Closes an allocator if it can be closed. Closing Leasehold's proves that every buffer was released.
    ///
    /// @throws IllegalStateException if a buffer of Leasehold was not released, or closing fails
    public static void close(ByteBufAllocator allocator) {
        if (allocator instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("allocator cannot be closed: " + allocator, e);
            }
        }
    }
}
