// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random commands on the machine, on a map of paths that knows nothing of undoing, and on members that come by it in other ways. */
class TreeModelTest {

    private static final int STEPS = 400;
    private static final SessionOwner OWNER = new SessionOwner(1, 1);

    /** What a node is in the model. */
    private record Entry(String data, int version, long owner, int created) {}

    private final TreeMachine machine = new TreeMachine(1);
    private final TreeMachine follower = new TreeMachine(2);
    private final TreeMap<String, Entry> model = new TreeMap<>();
    private final List<Long> sessions = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void shouldBehaveLikeAMapOnAllMembers(long seed) {
        Random random = new Random(seed);
        model.put("/", new Entry("", 0, 0, 0));
        TreeMachine latecomer = null;
        for (int i = 0; i < 3; i++) {
            openSession();
        }
        for (int step = 0; step < STEPS; step++) {
            step(random);
            if (random.nextInt(40) == 0 || latecomer == null) {
                latecomer = TreeFixture.restore(TreeFixture.snapshot(machine), seed);
            }
            assertThat(follower.digest()).as("seed %d, step %d", seed, step).isEqualTo(machine.digest());
        }
        compare(seed);
        assertThat(TreeFixture.lines(follower)).isEqualTo(TreeFixture.lines(machine));
        assertThat(TreeFixture.restore(TreeFixture.snapshot(follower), 3).digest())
                .isEqualTo(machine.digest());
    }

    private void openSession() {
        TreeCommand open = new TreeCommand.OpenSession(OWNER, 1000, new byte[16]);
        sessions.add(((TreeResult.Opened) apply(open)).sessionId());
    }

    private TreeResult apply(TreeCommand command) {
        long zxid = machine.lastZxid() + 1;
        TreeEntry entry = TreeFormat.decode(ByteBuffer.wrap(TreeFormat.encode(new TreeEntry(zxid, command))));
        TreeTransaction there = follower.apply(zxid, entry.timeMs(), entry.command());
        TreeTransaction here = machine.apply(zxid, zxid, command);
        assertThat(there).isEqualTo(here);
        return here.result();
    }

    private void step(Random random) {
        int which = random.nextInt(sessions.size());
        long session = sessions.get(which);
        if (random.nextInt(20) == 0) {
            apply(new TreeCommand.CloseSession(session, true));
            new TreeMap<>(model).forEach((path, entry) -> {
                if (entry.owner() == session) {
                    model.remove(path);
                }
            });
            sessions.remove(which);
            openSession();
            return;
        }
        List<TreeOp> operations = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            operations.add(someOperation(random));
        }
        TreeMap<String, Entry> changed = new TreeMap<>(model);
        boolean possible = true;
        for (TreeOp operation : operations) {
            possible = possible && apply(operation, session, changed);
        }
        List<TreeResult> results =
                ((TreeResult.Multi) apply(new TreeCommand.Multi(session, OWNER, List.of(), operations))).results();
        assertThat(results.stream().noneMatch(TreeResult.Failed.class::isInstance))
                .isEqualTo(possible);
        if (possible) {
            model.clear();
            model.putAll(changed);
        }
    }

    private static TreeOp someOperation(Random random) {
        StringBuilder path = new StringBuilder();
        for (int depth = random.nextInt(4); depth >= 0; depth--) {
            path.append('/').append(random.nextInt(5));
        }
        byte[] data = TreeFixture.bytes("d" + random.nextInt(1000));
        CreateMode[] modes = {CreateMode.PERSISTENT, CreateMode.EPHEMERAL, CreateMode.PERSISTENT_SEQUENTIAL};
        return switch (random.nextInt(6)) {
            case 0, 1, 2 -> new TreeOp.Create(path.toString(), data, modes[random.nextInt(3)]);
            case 3 -> new TreeOp.Set(path.toString(), data, random.nextInt(3) - 1);
            case 4 -> new TreeOp.Check(path.toString(), random.nextInt(3) - 1);
            default -> new TreeOp.Delete(path.toString(), -1);
        };
    }

    /** Does the operation to the map; false when it cannot be done. */
    private static boolean apply(TreeOp operation, long session, TreeMap<String, Entry> nodes) {
        if (operation instanceof TreeOp.Create create) {
            String parent = parent(create.path());
            Entry above = nodes.get(parent);
            if (above == null) {
                return false;
            }
            boolean numbered = create.mode().isSequential();
            String path = create.path() + (numbered ? String.format("%010d", above.created()) : "");
            if (above.owner() != 0 || nodes.containsKey(path)) {
                return false;
            }
            String data = new String(create.data(), java.nio.charset.StandardCharsets.UTF_8);
            nodes.put(parent, new Entry(above.data(), above.version(), above.owner(), above.created() + 1));
            nodes.put(path, new Entry(data, 0, create.mode().isEphemeral() ? session : 0, 0));
            return true;
        }
        Entry node = nodes.get(operation.path());
        if (node == null) {
            return false;
        }
        if (operation instanceof TreeOp.Set set) {
            String data = new String(set.data(), java.nio.charset.StandardCharsets.UTF_8);
            nodes.put(set.path(), new Entry(data, node.version() + 1, node.owner(), node.created()));
            return set.expectedVersion() == -1 || set.expectedVersion() == node.version();
        }
        if (operation instanceof TreeOp.Check check) {
            return check.expectedVersion() == -1 || check.expectedVersion() == node.version();
        }
        if (nodes.keySet().stream().anyMatch(path -> path.startsWith(operation.path() + "/"))) {
            return false;
        }
        nodes.remove(operation.path());
        return true;
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash == 0 ? "/" : path.substring(0, slash);
    }

    private void compare(long seed) {
        assertThat(machine.nodeCount()).isEqualTo(model.size() + 3);
        for (Map.Entry<String, Entry> expected : model.entrySet()) {
            Node node = machine.get(expected.getKey());
            assertThat(node).as("seed %d, %s", seed, expected.getKey()).isNotNull();
            NodeStat stat = node.stat();
            String data = new String(node.data(), java.nio.charset.StandardCharsets.UTF_8);
            int created = (stat.cversion() + stat.numChildren()) / 2;
            assertThat(new Entry(data, stat.version(), stat.ephemeralOwner(), created))
                    .as("seed %d, %s", seed, expected.getKey())
                    .isEqualTo(expected.getValue());
        }
    }

    /** A snapshot that takes long has what there was when it began. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void shouldSnapshotTheStateAtTheBeginningWhileItChanges(long seed) {
        Random random = new Random(seed);
        model.put("/", new Entry("", 0, 0, 0));
        openSession();
        for (int round = 0; round < 8; round++) {
            for (int step = 0; step < 100; step++) {
                step(random);
            }
            List<String> before = TreeFixture.lines(machine);
            long digest = machine.digest();
            long zxid = machine.lastZxid();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            SnapshotJob job = machine.beginSnapshot(TreeFixture.sinkTo(bytes));
            while (job.doWork(1 + random.nextInt(10))) {
                for (int step = random.nextInt(6); step > 0; step--) {
                    step(random);
                }
            }
            TreeMachine restored = TreeFixture.restore(bytes.toByteArray(), seed);
            assertThat(TreeFixture.lines(restored))
                    .as("seed %d, round %d", seed, round)
                    .isEqualTo(before);
            assertThat(restored.digest()).isEqualTo(digest);
            assertThat(restored.lastZxid()).isEqualTo(zxid);
        }
        compare(seed);
        assertThat(TreeFixture.lines(follower)).isEqualTo(TreeFixture.lines(machine));
    }
}
