package io.leasehold.lease;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The requests of [WindowWaiters], sorted by a key: the page of a request, or its turn.
///
/// ```text
///            turn 7                 smaller keys are left of a node, larger keys right;
///           /      \                a node has a higher rank than the nodes below it;
///      turn 3      turn 9           the rank is a hash of the key
///           \
///          turn 5
/// ```
///
/// A treap. Ranks are pseudo-random, so the depth is that of a random tree: about twice the logarithm of the size. The
/// nodes are allocated with their request, so no operation of the tree allocates or fails. A hash table would sometimes
/// have to grow, and would be copied under the lock.
///
/// **Threads.** Guarded by the lock of [WindowClaims].
///
/// **Invariants.** I1: keys grow from left to right. I2: ranks fall from the root down.
final class RequestTree {

    /// A multiplier of the finalizer of MurmurHash3, which spreads neighbouring keys over all bits.
    private static final long SCRAMBLE_FIRST = 0xFF51_AFD7_ED55_8CCDL;

    private static final long SCRAMBLE_SECOND = 0xC4CE_B9FE_1A85_EC53L;

    private @Nullable Node root; // (L)
    private int size; // (L)
    private long visits; // (L)

    /// The node of one request in one tree.
    static final class Node {
        final WindowWaiters.Request request; // (C)
        private long key; // (L)
        private @Nullable Node left; // (L)
        private @Nullable Node right; // (L)
        private boolean isMember; // (L)

        Node(WindowWaiters.Request request) {
            this.request = request;
        }

        long key() {
            return key;
        }

        boolean isMember() {
            return isMember;
        }
    }

    boolean isEmpty() {
        return root == null;
    }

    int size() {
        return size;
    }

    /// {@return the number of nodes visited since the tree was created}
    ///
    /// Tests limit this number.
    long visits() {
        return visits;
    }

    /// Adds a node that is in no tree.
    ///
    /// @param key a key that no other node of this tree has
    void add(Node node, long key) {
        node.key = key;
        node.isMember = true;
        root = add(root, node);
        size++;
    }

    /// Removes a node of this tree.
    void remove(Node node) {
        root = remove(root, node);
        node.left = null;
        node.right = null;
        node.isMember = false;
        size--;
    }

    /// {@return the request with a key, or null}
    WindowWaiters.@Nullable Request find(long key) {
        Node node = root;
        while (node != null && node.key != key) {
            visits++;
            node = key < node.key ? node.left : node.right;
        }
        return node == null ? null : node.request;
    }

    /// {@return the request with the smallest key, or null}
    WindowWaiters.@Nullable Request first() {
        Node node = root;
        while (node != null && node.left != null) {
            visits++;
            node = node.left;
        }
        return node == null ? null : node.request;
    }

    /// Visits every request, in the order of keys.
    void forEach(Consumer<WindowWaiters.Request> visitor) {
        forEach(root, visitor);
    }

    private static void forEach(@Nullable Node tree, Consumer<WindowWaiters.Request> visitor) {
        if (tree != null) {
            forEach(tree.left, visitor);
            visitor.accept(tree.request);
            forEach(tree.right, visitor);
        }
    }

    private Node add(@Nullable Node tree, Node node) {
        if (tree == null) {
            return node;
        }
        visits++;
        if (rank(node) > rank(tree)) {
            split(tree, node);
            return node;
        }
        if (node.key < tree.key) {
            tree.left = add(tree.left, node);
        } else {
            tree.right = add(tree.right, node);
        }
        return tree;
    }

    /// Splits a tree and makes the parts children of a node: smaller keys left, larger keys right.
    private void split(Node tree, Node node) {
        Node smaller = null; // last node of the left part; its right child is still open
        Node larger = null; // last node of the right part; its left child is still open
        for (Node at = tree; at != null; ) {
            visits++;
            if (at.key < node.key) {
                if (smaller == null) {
                    node.left = at;
                } else {
                    smaller.right = at;
                }
                smaller = at;
                at = at.right;
            } else {
                if (larger == null) {
                    node.right = at;
                } else {
                    larger.left = at;
                }
                larger = at;
                at = at.left;
            }
        }
        if (smaller != null) {
            smaller.right = null;
        }
        if (larger != null) {
            larger.left = null;
        }
    }

    private @Nullable Node remove(@Nullable Node tree, Node node) {
        if (tree == null) {
            throw new IllegalStateException("request is not in the tree: key=" + node.key + ", size=" + size);
        }
        visits++;
        if (tree == node) {
            return join(node.left, node.right);
        }
        if (node.key < tree.key) {
            tree.left = remove(tree.left, node);
        } else {
            tree.right = remove(tree.right, node);
        }
        return tree;
    }

    /// Joins two trees. All keys of the first tree are smaller than those of the second.
    private @Nullable Node join(@Nullable Node smaller, @Nullable Node larger) {
        if (smaller == null || larger == null) {
            return smaller == null ? larger : smaller;
        }
        visits++;
        if (rank(smaller) > rank(larger)) {
            smaller.right = join(smaller.right, larger);
            return smaller;
        }
        larger.left = join(smaller, larger.left);
        return larger;
    }

    private static long rank(Node node) {
        long rank = node.key;
        rank = (rank ^ rank >>> 33) * SCRAMBLE_FIRST;
        rank = (rank ^ rank >>> 33) * SCRAMBLE_SECOND;
        return rank ^ rank >>> 33;
    }

    void checkInvariants() {
        int count = check(root, Long.MIN_VALUE, Long.MAX_VALUE);
        if (count != size) {
            throw new AssertionError("size=" + size + ", counted=" + count);
        }
    }

    private static int check(@Nullable Node tree, long min, long max) {
        if (tree == null) {
            return 0;
        }
        if (tree.key < min || tree.key > max || !tree.isMember) {
            throw new AssertionError("I1: key=" + tree.key + ", min=" + min + ", max=" + max);
        }
        for (Node below : new Node[] {tree.left, tree.right}) {
            if (below != null && rank(below) >= rank(tree)) {
                throw new AssertionError("I2: key=" + tree.key + ", below=" + below.key);
            }
        }
        return 1 + check(tree.left, min, tree.key - 1) + check(tree.right, tree.key + 1, max);
    }

    @Override
    public String toString() {
        return "RequestTree(" + size + ")";
    }
}
