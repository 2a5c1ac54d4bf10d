package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageStateException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// The frame word: of transitions that exclude each other, exactly one succeeds.
public final class PageFreeStress {

    private static final PageArena ARENA = PageArena.open(
            PageArenaOptions.builder().name("stress").byteSize(1L << 30).build());

    private PageFreeStress() {}

    private static boolean free(long page) {
        try {
            ARENA.free(page);
            return true;
        } catch (PageStateException e) {
            return false;
        }
    }

    private static boolean wire(long page) {
        try {
            ARENA.frames().wire(page);
            return true;
        } catch (PageStateException e) {
            return false;
        }
    }

    private static void dispose(long page) {
        if (ARENA.frames().isLive(page)) {
            while (ARENA.frames().wireCount(page) > 0) {
                ARENA.frames().unwire(page);
            }
            ARENA.free(page);
        }
    }

    /// Two threads free one handle.
    @JCStressTest
    @Outcome(id = "true, false, false", expect = ACCEPTABLE, desc = "The first thread freed it.")
    @Outcome(id = "false, true, false", expect = ACCEPTABLE, desc = "The second thread freed it.")
    @Outcome(expect = FORBIDDEN, desc = "Freed twice, never freed, or still in use.")
    @State
    public static class DoubleFree {

        private final long page = ARENA.allocate();

        /// Frees the page.
        @Actor
        public void first(ZZZ_Result r) {
            r.r1 = free(page);
        }

        /// Frees the page too.
        @Actor
        public void second(ZZZ_Result r) {
            r.r2 = free(page);
        }

        /// Checks the final state.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = ARENA.frames().isLive(page);
            dispose(page);
        }
    }

    /// One thread frees a page while another one wires it.
    @JCStressTest
    @Outcome(id = "true, false, false", expect = ACCEPTABLE, desc = "Freed; the wire was rejected.")
    @Outcome(id = "false, true, true", expect = ACCEPTABLE, desc = "Wired; the free was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "A freed page is wired, or neither succeeded.")
    @State
    public static class FreeAgainstWire {

        private final long page = ARENA.allocate();

        /// Frees the page.
        @Actor
        public void free(ZZZ_Result r) {
            r.r1 = PageFreeStress.free(page);
        }

        /// Wires the page.
        @Actor
        public void wire(ZZZ_Result r) {
            r.r2 = PageFreeStress.wire(page);
        }

        /// Checks the final state.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = ARENA.frames().isLive(page);
            dispose(page);
        }
    }

    /// A stale handle is freed while its page gets a new owner.
    @JCStressTest
    @Outcome(
            id = "true, false, true",
            expect = ACCEPTABLE,
            desc = "The new owner has the page; the stale free was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "A stale handle freed the page of another owner.")
    @State
    public static class StaleFree {

        private final long stale = ARENA.allocate();
        private volatile long fresh;

        /// Makes the handle stale, so that the next allocation probably returns the same page.
        public StaleFree() {
            ARENA.free(stale);
        }

        /// Allocates.
        @Actor
        public void allocate(ZZZ_Result r) {
            fresh = ARENA.allocate();
            r.r1 = true;
        }

        /// Frees the stale handle.
        @Actor
        public void free(ZZZ_Result r) {
            r.r2 = PageFreeStress.free(stale);
        }

        /// Checks the final state.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = ARENA.frames().isLive(fresh);
            dispose(fresh);
        }
    }
}
