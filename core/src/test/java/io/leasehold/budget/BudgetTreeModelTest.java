package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A random walk over a tree of budgets against a model that adds up the leaves.
@Timeout(600)
class BudgetTreeModelTest {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 600_000 : 20_000;
    private static final int MAX_NODES = 24;

    /// What the model knows of a budget: only what was reserved in it directly.
    private static final class Node {

        private final @Nullable Node parent;
        private final List<Node> children = new ArrayList<>();
        private final MemoryBudget budget;
        private final BudgetOptions options;
        private final Account account;
        private long own;
        private long peak;
        private long refusals;

        Node(@Nullable Node parent, BudgetOptions options, Account account) {
            this.parent = parent;
            this.options = options.withListener(account);
            this.account = account;
            this.budget = parent == null ? MemoryBudget.of(this.options) : parent.budget.child(this.options);
            if (parent != null) {
                parent.children.add(this);
            }
        }

        long used() {
            return own + children.stream().mapToLong(Node::used).sum();
        }

        long share() {
            if (parent == null) {
                return options.byteLimit();
            }
            long left = Math.max(0, parent.share() - parent.own);
            return Math.min(options.byteLimit(), parent.options.fairShares() ? left / parent.children.size() : left);
        }

        /// {@return the node that refuses, or null}
        @Nullable Node refusing(long bytes) {
            Node from = null;
            for (Node node = this; node != null; node = node.parent) {
                if (bytes > node.options.byteLimit() - node.used()) {
                    return node;
                }
                boolean isPressed = node.used() + bytes > node.options.softByteLimit();
                if (from != null && node.options.fairShares() && isPressed && from.used() + bytes > from.share()) {
                    return from;
                }
                if (node.account.isRefusing) {
                    return node;
                }
                from = node;
            }
            return null;
        }
    }

    /// An account beside the budget, which may refuse.
    private static final class Account implements BudgetListener {

        private boolean isRefusing;
        private boolean isAbove;
        private long bytes;

        @Override
        public boolean reserving(MemoryBudget budget, long more) {
            if (isRefusing) {
                return false;
            }
            bytes += more;
            return true;
        }

        @Override
        public void released(MemoryBudget budget, long less) {
            bytes -= less;
        }

        @Override
        public void softLimitCrossed(MemoryBudget budget, boolean nowAbove) {
            assertThat(nowAbove).isNotEqualTo(isAbove);
            isAbove = nowAbove;
        }
    }

    @Test
    void walk() {
        SplittableRandom random = Seeds.random("BudgetTreeModelTest");
        Node top = new Node(null, options(random, "top"), new Account());
        List<Node> nodes = new ArrayList<>(List.of(top));
        for (int step = 0; step < STEPS; step++) {
            Node node = nodes.get(random.nextInt(nodes.size()));
            switch (random.nextInt(12)) {
                case 0 -> add(random, nodes, node);
                case 1 -> close(nodes, node, top);
                case 2 -> node.account.isRefusing = random.nextInt(8) == 0;
                case 3, 4, 5, 6 -> release(random, node);
                default -> reserve(random, node);
            }
            check(nodes);
        }
    }

    private static void add(SplittableRandom random, List<Node> nodes, Node parent) {
        if (nodes.size() < MAX_NODES && parent.budget.path().split("/", -1).length < MemoryBudget.MAX_DEPTH) {
            nodes.add(new Node(parent, options(random, "n" + random.nextInt(4)), new Account()));
        }
    }

    private static void close(List<Node> nodes, Node node, Node top) {
        if (node == top) {
            return;
        }
        if (node.used() > 0 || !node.children.isEmpty()) {
            assertThatThrownBy(node.budget::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(node.budget.report());
            return;
        }
        node.budget.close();
        nodes.remove(node);
        if (node.parent != null) {
            node.parent.children.remove(node);
        }
        assertThatThrownBy(() -> node.budget.tryReserve(1)).hasMessageContaining("closed");
    }

    private static void reserve(SplittableRandom random, Node node) {
        long bytes = random.nextInt(50) == 0 ? Long.MAX_VALUE - random.nextInt(3) : random.nextLong(1, 400);
        Node refusing = node.refusing(bytes);
        BudgetRefusal refusal = node.budget.refusal(bytes);
        if (refusing == null || !refusing.account.isRefusing) {
            assertThat(refusal == null ? null : refusal.refusing()).isSameAs(refusing == null ? null : refusing.budget);
        }
        assertThat(node.budget.tryReserve(bytes)).isEqualTo(refusing == null);
        if (refusing == null) {
            node.own += bytes;
        }
        for (Node at = node; at != null; at = at.parent) {
            if (refusing == null) {
                at.peak = Math.max(at.peak, at.used());
            } else {
                at.refusals++;
                if (at == refusing) {
                    break;
                }
            }
        }
    }

    private static void release(SplittableRandom random, Node node) {
        long bytes = random.nextLong(node.own + 2);
        if (bytes > node.own) {
            assertThatThrownBy(() -> node.budget.release(bytes)).isInstanceOf(IllegalStateException.class);
        } else {
            node.budget.release(bytes);
            node.own -= bytes;
        }
    }

    private static void check(List<Node> nodes) {
        nodes.getFirst().budget.checkInvariants();
        for (Node node : nodes) {
            BudgetStats stats = node.budget.stats();
            long used = node.used();
            if (stats.usedBytes() != used
                    || stats.ownBytes() != node.own
                    || stats.peakBytes() != node.peak
                    || stats.refusals() != node.refusals
                    || stats.shareBytes() != node.share()
                    || stats.children().size() != node.children.size()
                    || node.account.bytes != used
                    || node.account.isAbove != (used > node.options.softByteLimit())) {
                throw new AssertionError("used=" + used + ", own=" + node.own + ", peak=" + node.peak + ", refusals="
                        + node.refusals + ", share=" + node.share() + ", account=" + node.account.bytes + ", stats="
                        + stats);
            }
        }
    }

    private static BudgetOptions options(SplittableRandom random, String name) {
        long byteLimit = random.nextLong(3000);
        return BudgetOptions.of(name, byteLimit)
                .withSoftByteLimit(random.nextBoolean() ? byteLimit : random.nextLong(byteLimit + 1))
                .withFairShares(random.nextBoolean());
    }
}
