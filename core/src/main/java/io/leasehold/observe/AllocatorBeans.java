package io.leasehold.observe;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.InstanceAlreadyExistsException;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.jspecify.annotations.Nullable;

/// The two JMX beans of an allocator:
///
/// | name | type |
/// |---|---|
/// | `java.nio:type=BufferPool,name=leasehold-<name>` | [BufferPoolMXBean], as scrapers for the JVM's pools expect |
/// | `io.leasehold:type=Allocator,name=<name>` | [AllocatorMXBean] |
///
/// A name with a character that has a meaning in an object name is quoted ([ObjectName#quote]).
///
/// An open allocator is registered without a call of this class once its process has a platform MBean server. JMX,
/// `jconsole` and most agents create one. An allocator that rests meanwhile is registered after its next change. The
/// property `io.leasehold.jmx=false` switches this off. If the name is taken, it gets a number: `web#2`. [#register] is
/// for an application that switched this off.
///
/// **Ownership.** The caller that registered the beans closes them. A server refers to them weakly, so the class loader
/// of an application that closes nothing can be collected, and the beans go with it.
///
/// **Threads.** Thread-safe.
public final class AllocatorBeans implements AutoCloseable {

    private static final String POOL_PREFIX = "leasehold-";
    private static final int MAX_NUMBER = 100;

    /// Keeps the beans reachable until they are closed, or this class is unloaded.
    private static final Set<AllocatorBeans> OPEN = ConcurrentHashMap.newKeySet();

    private final WeakBean pool; // (C)
    private final WeakBean allocator; // (C)

    private AllocatorBeans(WeakBean pool, WeakBean allocator) {
        this.pool = pool;
        this.allocator = allocator;
    }

    /// Registers an allocator with the platform MBean server.
    ///
    /// @param allocator allocator to show
    /// @return the registration, to be closed by the caller
    /// @throws IllegalStateException if a bean with one of the names is registered; nothing is changed then
    public static AllocatorBeans register(ObservedAllocator allocator) {
        try {
            return register(allocator, allocator.name());
        } catch (InstanceAlreadyExistsException e) {
            throw new IllegalStateException(
                    "an allocator of this name is registered already: allocator=" + allocator.name() + ", bean="
                            + e.getMessage() + "; close its beans, or set io.leasehold.jmx=false to register by hand",
                    e);
        }
    }

    /// {@return true if the process has a JMX server}
    static boolean isServerOpen() {
        return !MBeanServerFactory.findMBeanServer(null).isEmpty();
    }

    /// {@return the beans of an allocator under its name, or with a number behind it; null if all are taken}
    static @Nullable AllocatorBeans registerWithAnyName(ObservedAllocator allocator) {
        for (int number = 1; number <= MAX_NUMBER; number++) {
            try {
                return register(allocator, allocator.name() + (number == 1 ? "" : "#" + number));
            } catch (InstanceAlreadyExistsException e) {
                // the next number
            }
        }
        return null;
    }

    private static AllocatorBeans register(ObservedAllocator allocator, String name)
            throws InstanceAlreadyExistsException {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName poolName = objectName("java.nio:type=BufferPool,name=", POOL_PREFIX + name);
        ObjectName ownName = objectName("io.leasehold:type=Allocator,name=", name);
        BufferPoolBean poolBean = new BufferPoolBean(allocator, poolName, POOL_PREFIX + name);
        WeakBean pool = WeakBean.register(server, poolName, new StandardMBean(poolBean, BufferPoolMXBean.class, true));
        WeakBean own = null;
        boolean isOpen = false;
        try {
            own = WeakBean.register(
                    server, ownName, new StandardMBean(new AllocatorBean(allocator), AllocatorMXBean.class, true));
            AllocatorBeans beans = new AllocatorBeans(pool, own);
            OPEN.add(beans);
            isOpen = true;
            return beans;
        } finally {
            if (!isOpen) { // a name is taken, or the Java heap is full
                if (own != null) {
                    own.close();
                }
                pool.close();
            }
        }
    }

    private static ObjectName objectName(String prefix, String name) {
        boolean isPlain = name.chars().allMatch(c -> c > ' ' && c < 0x7f && ",=:\"*?\\".indexOf(c) < 0);
        try {
            return new ObjectName(prefix + (isPlain ? name : ObjectName.quote(name)));
        } catch (MalformedObjectNameException e) {
            throw new IllegalArgumentException("name cannot be a part of an object name: name=" + name, e);
        }
    }

    /// Unregisters both beans. Closing twice has no effect.
    @Override
    public void close() {
        OPEN.remove(this);
        allocator.close();
        pool.close();
    }
}
