package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Which thread has which stripe.
class StripesTest {

    private static final int OWNED = 4;
    private static final int SHARED = 2;
    private static final long RECORD = 42;

    private final Stripes stripes = new Stripes(OWNED, SHARED);

    @Test
    void threadKeepsItsStripe() {
        Stripe first = entered();
        assertThat(entered()).isSameAs(first);
        assertThat(first.owner()).isEqualTo(Thread.currentThread().threadId());
    }

    /// Each probes four of four, so the first four threads get one each; the fifth has to share.
    @Test
    void eachLivingThreadHasAStripeOfItsOwnWhileTheyLast() throws InterruptedException {
        Set<Stripe> owned = occupyAll(() ->
                assertThat(entered().owner()).as("the owner of a shared stripe").isZero());
        assertThat(owned).hasSize(OWNED).allMatch(stripe -> stripe.owner() > 0);
    }

    @Test
    void stripeAndRecordsOfADeadThreadAreInherited() throws InterruptedException {
        Set<Stripe> owned = occupyAll(() -> {});
        Stripe inherited = stripes.enter();
        assertThat(owned).contains(inherited);
        assertThat(inherited.owner()).isEqualTo(Thread.currentThread().threadId());
        assertThat(inherited.pop()).isEqualTo(RECORD);
    }

    /// Claims each stripe by one thread, pushes a record on it, and ends all threads.
    private Set<Stripe> occupyAll(Runnable whileTheyLive) throws InterruptedException {
        Set<Stripe> owned = ConcurrentHashMap.newKeySet();
        CountDownLatch in = new CountDownLatch(OWNED);
        CountDownLatch out = new CountDownLatch(1);
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < OWNED; i++) {
            watchdog.start("worker " + i, () -> {
                Stripe stripe = stripes.enter();
                stripe.push(RECORD);
                owned.add(stripe);
                in.countDown();
                out.await();
            });
        }
        watchdog.await("all workers", in);
        whileTheyLive.run();
        out.countDown();
        watchdog.join();
        return owned;
    }

    @Test
    void virtualThreadsShareStripes() throws InterruptedException {
        Set<Stripe> entered = ConcurrentHashMap.newKeySet();
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < 100; i++) {
            watchdog.startVirtual("worker " + i, () -> entered.add(entered()));
        }
        watchdog.join();
        assertThat(entered).hasSizeBetween(1, SHARED).allMatch(stripe -> stripe.owner() == 0);
    }

    @Test
    void sharedStripeThatIsBusyIsPassedOver() throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        watchdog.startVirtual("worker", () -> {
            Stripe first = stripes.enter();
            Stripe second = stripes.enter();
            assertThat(second).isNotSameAs(first);
            first.exit();
            second.exit();
        });
        watchdog.join();
    }

    private Stripe entered() {
        Stripe stripe = stripes.enter();
        stripe.exit();
        return stripe;
    }
}
