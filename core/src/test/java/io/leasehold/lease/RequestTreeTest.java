package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.lease.RequestTree.Node;
import io.leasehold.lease.WindowWaiters.Request;
import io.leasehold.memory.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The order that [RequestTree] keeps, beside a [TreeMap], and the number of nodes that it looks at.
class RequestTreeTest {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 1_000_000 : 20_000;

    private final RequestTree tree = new RequestTree();

    @ParameterizedTest
    @ValueSource(ints = {4, 50, 2_000})
    void treeDoesAsATreeMapDoes(int keys) {
        SplittableRandom random = Seeds.random("RequestTreeTest");
        TreeMap<Long, Node> model = new TreeMap<>();
        for (int step = 0; step < STEPS; step++) {
            long key = random.nextLong(keys) << 12;
            Node node = model.get(key);
            if (node == null) {
                node = new Node(new Request(key));
                tree.add(node, key);
                model.put(key, node);
            } else {
                tree.remove(node);
                model.remove(key);
            }

            long sought = random.nextLong(keys) << 12;
            assertThat(tree.find(sought)).isSameAs(model.containsKey(sought) ? model.get(sought).request : null);
            Map.Entry<Long, Node> first = model.firstEntry();
            assertThat(tree.first()).isSameAs(first == null ? null : first.getValue().request);
            assertThat(tree.size()).isEqualTo(model.size());
            assertThat(tree.isEmpty()).isEqualTo(model.isEmpty());
            if (step % 64 == 0) {
                tree.checkInvariants();
                List<Request> all = new ArrayList<>();
                tree.forEach(all::add);
                assertThat(all)
                        .containsExactlyElementsOf(model.values().stream()
                                .map(each -> each.request)
                                .toList());
            }
        }
    }

    /// Keys that only grow are what turns are, and would make a list of a tree without ranks.
    @ParameterizedTest
    @ValueSource(ints = {64, 1_000, 10_000, 100_000})
    void workOfAChangeGrowsWithTheLogarithmOfTheSize(int size) {
        List<Node> nodes = new ArrayList<>();
        for (int key = 0; key < size; key++) {
            nodes.add(new Node(new Request(key)));
            tree.add(nodes.get(key), key);
        }
        int changes = 64;
        long before = tree.visits();
        for (int change = 0; change < changes; change++) {
            int key = change * (size / changes);
            tree.remove(nodes.get(key));
            tree.add(nodes.get(key), key);
            assertThat(tree.find(key)).isNotNull();
            assertThat(tree.first()).isNotNull();
        }
        double aChange = (double) (tree.visits() - before) / changes;
        double levels = Math.log(size) / Math.log(2);
        assertThat(aChange).as("nodes looked at, levels=%.0f", levels).isLessThan(8 * levels);
        tree.checkInvariants();
    }

    @Test
    void requestThatIsNotInTheTreeIsNotRemoved() {
        tree.add(new Node(new Request(1)), 1);
        Node other = new Node(new Request(2));
        assertThatThrownBy(() -> tree.remove(other)).isInstanceOf(IllegalStateException.class);
        tree.checkInvariants();
    }
}
