package io.leasehold.observe;

import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.jspecify.annotations.Nullable;

/// The JMX bean of all holders of memory, a [HoldersMXBean] under `io.leasehold:type=Holders`. Another copy of this
/// library, in a class loader of its own, finds the name taken and gets a number: `io.leasehold:type=Holders,number=2`.
///
/// The first open allocator registers the bean without a call of this class, once its process has a platform MBean
/// server. The property `io.leasehold.jmx=false` switches this off. [#register] is for an application that switched
/// this off, or that has arenas, rings and window caches, but no allocator.
///
/// **Ownership.** The bean belongs to this copy of the library. It is there until [#unregister], or until the class
/// loader is collected: a server refers to it weakly.
///
/// **Threads.** Thread-safe.
public final class HoldersBeans {

    private static final String NAME = "io.leasehold:type=Holders";
    private static final int MAX_NUMBER = 100;

    private static @Nullable WeakBean registered; // (L) this class; keeps the bean reachable

    private HoldersBeans() {}

    /// Registers the bean with the platform MBean server, if this copy has not done that yet.
    ///
    /// @throws IllegalStateException if 100 other copies have registered theirs; nothing is changed then
    public static void register() {
        if (!tryRegister()) {
            throw new IllegalStateException("the names of all beans of holders are taken: first=" + NAME + ", last="
                    + NAME + ",number=" + MAX_NUMBER + "; stop applications that have copies of the library");
        }
    }

    /// Registers the bean, if this copy has not done that yet.
    ///
    /// @return false if all names are taken
    static synchronized boolean tryRegister() {
        if (registered != null) {
            return true;
        }
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        for (int number = 1; registered == null && number <= MAX_NUMBER; number++) {
            try {
                registered = WeakBean.register(
                        server, objectName(number), new StandardMBean(new HoldersBean(), HoldersMXBean.class, true));
            } catch (InstanceAlreadyExistsException e) {
                // the next number
            }
        }
        return registered != null;
    }

    private static ObjectName objectName(int number) {
        try {
            return new ObjectName(number == 1 ? NAME : NAME + ",number=" + number);
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException(e); // the name is a constant
        }
    }

    /// Unregisters the bean. Without the property `io.leasehold.jmx=false` the next allocator registers it again.
    /// Unregistering twice has no effect.
    public static synchronized void unregister() {
        WeakBean bean = registered;
        if (bean != null) {
            registered = null;
            bean.close();
        }
    }
}
