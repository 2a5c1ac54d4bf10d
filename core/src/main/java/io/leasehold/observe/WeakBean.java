package io.leasehold.observe;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import javax.management.DynamicMBean;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/// A registered bean that a JMX server refers to weakly.
///
/// A server lives as long as the JVM. If it referred to a bean of this library, the class loader of an application that
/// was stopped without closing its allocators could never be collected. So the server gets an object that consists of
/// classes of the JDK alone: a proxy, method handles and a weak reference. When the bean becomes unreachable, a cleaner
/// of the JDK unregisters it.
///
/// ```text
///   MBeanServer ---> Proxy of DynamicMBean ---> WeakReference - - -> calls ---> bean
/// ```
///
/// **Ownership.** The caller keeps this object reachable, and closes it.
///
/// **Threads.** Thread-safe.
final class WeakBean implements AutoCloseable {

    private static final Cleaner CLEANER = Cleaner.create();

    private final BiFunction<Method, @Nullable Object[], @Nullable Object> calls; // (C) keeps the bean reachable
    private final Cleaner.Cleanable registration; // (C)

    private WeakBean(BiFunction<Method, @Nullable Object[], @Nullable Object> calls, Cleaner.Cleanable registration) {
        this.calls = calls;
        this.registration = registration;
    }

    /// Registers a bean.
    ///
    /// @param server server to register with
    /// @param name name of the bean
    /// @param bean the bean
    /// @return the registration, to be closed by the caller
    /// @throws InstanceAlreadyExistsException if the name is taken; nothing is registered then
    static WeakBean register(MBeanServer server, ObjectName name, DynamicMBean bean)
            throws InstanceAlreadyExistsException {
        BiFunction<Method, @Nullable Object[], @Nullable Object> calls = (method, arguments) -> {
            try {
                return method.invoke(bean, arguments);
            } catch (InvocationTargetException e) {
                throw sneaky(e.getCause() == null ? e : e.getCause());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        };
        Object weak = weak(new WeakReference<>(calls));
        AtomicBoolean isRegistered = new AtomicBoolean();
        WeakBean made = new WeakBean(calls, CLEANER.register(calls, unregister(server, name, isRegistered)));
        try {
            server.registerMBean(weak, name);
            isRegistered.set(true); // all is allocated: a bean that is registered is unregistered one day
        } catch (InstanceAlreadyExistsException e) {
            throw e;
        } catch (JMException e) {
            throw new IllegalStateException("bean cannot be registered: name=" + name, e);
        } finally {
            if (!isRegistered.get()) {
                made.close();
            }
        }
        return made;
    }

    /// Throws any exception as if it were unchecked: the methods of the proxy declare the checked ones.
    @SuppressWarnings("unchecked") // the cast disappears at run time
    private static <E extends Throwable> RuntimeException sneaky(Throwable e) throws E {
        throw (E) e;
    }

    private static Object weak(WeakReference<?> calls) {
        try {
            MethodHandle get = MethodHandles.publicLookup()
                    .findVirtual(Reference.class, "get", MethodType.methodType(Object.class))
                    .bindTo(calls)
                    .asType(MethodType.methodType(BiFunction.class));
            MethodHandle apply = MethodHandles.publicLookup()
                    .findVirtual(
                            BiFunction.class, "apply", MethodType.methodType(Object.class, Object.class, Object.class));
            MethodHandle call = MethodHandles.foldArguments(apply, get)
                    .asType(MethodType.methodType(Object.class, Method.class, Object[].class));
            InvocationHandler handler = MethodHandleProxies.asInterfaceInstance(
                    InvocationHandler.class, MethodHandles.dropArguments(call, 0, Object.class));
            return Proxy.newProxyInstance(
                    DynamicMBean.class.getClassLoader(), new Class<?>[] {DynamicMBean.class}, handler);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("methods of the JDK are public", e);
        }
    }

    /// {@return a call that unregisters a name, if it was registered}
    private static Runnable unregister(MBeanServer server, ObjectName name, AtomicBoolean isRegistered) {
        try {
            MethodHandle unregister = MethodHandles.publicLookup()
                    .findVirtual(
                            MBeanServer.class, "unregisterMBean", MethodType.methodType(void.class, ObjectName.class))
                    .bindTo(server)
                    .bindTo(name);
            MethodHandle ignore = MethodHandles.dropArguments(MethodHandles.zero(void.class), 0, JMException.class);
            MethodHandle test = MethodHandles.publicLookup()
                    .findVirtual(AtomicBoolean.class, "get", MethodType.methodType(boolean.class))
                    .bindTo(isRegistered);
            return MethodHandleProxies.asInterfaceInstance(
                    Runnable.class,
                    MethodHandles.guardWithTest(
                            test,
                            MethodHandles.catchException(unregister, JMException.class, ignore),
                            MethodHandles.zero(void.class)));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("methods of the JDK are public", e);
        }
    }

    /// Unregisters the bean. Closing twice has no effect.
    @Override
    public void close() {
        registration.clean();
    }

    @Override
    public String toString() {
        return "WeakBean(" + calls + ")";
    }
}
