package io.leasehold.agent;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Main class of the JVMs that [AgentCopiesTest] starts: two applications, each with a copy of Netty in a class loader
/// of its own, and a relocated copy in the class loader of the program.
@SuppressWarnings("ReferenceEquality") // which allocator it is, is the question
final class CopiesProgram {

    private static final int HALF_AND_MORE = 10 << 20;

    private CopiesProgram() {}

    /// Prints which class serves a buffer of each copy, and whether a copy gets what another copy holds.
    public static void main(String[] arguments) throws Exception {
        Copy plain = new Copy(CopiesProgram.class.getClassLoader(), "");
        Copy relocated = new Copy(new NettyLoader("shaded."), "shaded.");
        Copy other = new Copy(new NettyLoader(""), "");
        for (Copy copy : new Copy[] {plain, relocated, other}) {
            Object buf = copy.allocate(100);
            System.out.println(copy.name + ".direct=" + buf.getClass().getSimpleName());
            System.out.println(copy.name + ".isOwn="
                    + (copy.call(buf, "alloc") == copy.allocator)
                    + copy.type("buffer.ByteBuf").isInstance(buf));
            copy.call(buf, "release");
        }
        Object held = plain.allocate(HALF_AND_MORE);
        System.out.println("relocatedWhilePlainHolds=" + relocated.tryAllocate(HALF_AND_MORE));
        System.out.println("otherWhilePlainHolds=" + other.tryAllocate(HALF_AND_MORE));
        plain.call(held, "release");
        long deadline =
                System.nanoTime() + TimeUnit.SECONDS.toNanos(60); // the plain copy gives its memory back by decay
        String afterwards = relocated.tryAllocate(HALF_AND_MORE);
        while (afterwards.equals("refused") && System.nanoTime() < deadline) {
            Thread.onSpinWait();
            afterwards = relocated.tryAllocate(HALF_AND_MORE);
        }
        System.out.println("relocatedAfterwards=" + afterwards);
    }

    /// A copy of Netty, used by reflection.
    static final class Copy {
        final String name;
        private final ClassLoader loader;
        private final String prefix;
        final Object allocator;

        Copy(ClassLoader loader, String prefix) throws ReflectiveOperationException {
            this.loader = loader;
            this.prefix = prefix;
            this.name = loader.equals(CopiesProgram.class.getClassLoader())
                    ? "plain"
                    : prefix.isEmpty() ? "other" : "relocated";
            this.allocator = type("buffer.ByteBufAllocator").getField("DEFAULT").get(null);
        }

        Class<?> type(String simpleName) throws ClassNotFoundException {
            return Class.forName(prefix + "io.netty." + simpleName, true, loader);
        }

        Object allocate(int byteSize) throws ReflectiveOperationException {
            return type("buffer.ByteBufAllocator")
                    .getMethod("directBuffer", int.class)
                    .invoke(allocator, byteSize);
        }

        String tryAllocate(int byteSize) throws ReflectiveOperationException {
            return tryAllocate(byteSize, true);
        }

        String tryAllocate(int byteSize, boolean isReleased) throws ReflectiveOperationException {
            try {
                Object buf = allocate(byteSize);
                if (isReleased) {
                    call(buf, "release");
                }
                return "allocated";
            } catch (InvocationTargetException e) {
                return e.getCause() instanceof OutOfMemoryError ? "refused" : String.valueOf(e.getCause());
            }
        }

        Object call(Object buf, String method) throws ReflectiveOperationException {
            return type("buffer.ByteBuf").getMethod(method).invoke(buf);
        }
    }

    /// Defines Netty again, relocated if there is a prefix.
    static final class NettyLoader extends ClassLoader {
        private final String prefix;
        private final Relocation relocation;

        NettyLoader(String prefix) {
            super(prefix.isEmpty() ? "other" : "relocated", CopiesProgram.class.getClassLoader());
            this.prefix = prefix;
            this.relocation = new Relocation(prefix);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(prefix + "io.netty.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }

        @Override
        public @Nullable InputStream getResourceAsStream(String name) {
            String slashed = prefix.replace('.', '/');
            if (!name.startsWith(slashed + "io/netty/")) {
                return super.getResourceAsStream(name);
            }
            try (InputStream in = super.getResourceAsStream(name.substring(slashed.length()))) {
                return in == null ? null : new ByteArrayInputStream(relocation.apply(in.readAllBytes()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
