// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.coordination.BadVersionException;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoChildrenForEphemeralsException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.NotEmptyException;
import io.varve.replication.machine.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeMachineTest {

    private static final long SESSION = 7;

    private final TreeMachine machine = new TreeMachine();
    private final List<TreeTransaction> transactions = new ArrayList<>();

    @Test
    void shouldKeepNodesAndTheirStats() {
        run(create("/a"), create("/a/b"));
        run(new TreeOp.Set("/a", bytes("x"), 0));

        NodeStat stat = machine.get("/a").stat();
        assertThat(machine.get("/a").data()).isEqualTo(bytes("x"));
        assertThat(stat.czxid()).isEqualTo(1);
        assertThat(stat.mzxid()).isEqualTo(2);
        assertThat(stat.pzxid()).isEqualTo(1);
        assertThat(stat.version()).isEqualTo(1);
        assertThat(stat.cversion()).isEqualTo(1);
        assertThat(stat.numChildren()).isEqualTo(1);
        assertThat(stat.dataLength()).isEqualTo(1);
        assertThat(machine.children("/")).containsExactly("a");
        assertThat(machine.children("/a")).containsExactly("b");
    }

    @Test
    void shouldRefuseAsZooKeeperDoes() {
        run(create("/a"), create("/a/b"));
        run(new TreeOp.Create("/e", bytes(""), CreateMode.EPHEMERAL));

        refused(NodeExistsException.class, create("/a"));
        refused(NoNodeException.class, create("/x/y"));
        refused(NoNodeException.class, new TreeOp.Set("/x", bytes(""), -1));
        refused(NoNodeException.class, new TreeOp.Check("/x", -1));
        refused(NotEmptyException.class, new TreeOp.Delete("/a", -1));
        refused(BadVersionException.class, new TreeOp.Set("/a", bytes(""), 1));
        refused(BadVersionException.class, new TreeOp.Delete("/a/b", 5));
        refused(BadVersionException.class, new TreeOp.Check("/a", 5));
        refused(NoChildrenForEphemeralsException.class, create("/e/x"));
        for (String path : List.of("", "a", "/a/", "//", "/a//b", "/a/../b", "/./a", "/a\u0000", "/a\uD800")) {
            refused(IllegalArgumentException.class, create(path));
        }
        refused(
                IllegalArgumentException.class,
                new TreeOp.Create("/big", new byte[TreeMachine.MAX_DATA_BYTES + 1], CreateMode.PERSISTENT));
    }

    @Test
    void shouldApplyAllOfAMultiOrNothing() {
        run(create("/a"));

        refused(NodeExistsException.class, create("/b"), create("/b/c"), create("/a"));

        assertThat(machine.children("/")).containsExactly("a");
        List<TreeResult> results = run(
                create("/b"),
                new TreeOp.Create("/b/n-", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL),
                new TreeOp.Create("/b/n-", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL),
                new TreeOp.Set("/a", bytes("1"), 0),
                new TreeOp.Set("/a", bytes("2"), 1),
                new TreeOp.Check("/a", 2),
                new TreeOp.Delete("/b/n-0000000000", 0));
        assertThat(results.get(2)).isEqualTo(new TreeResult.Created("/b/n-0000000001"));
        assertThat(machine.children("/b")).containsExactly("n-0000000001");
        assertThat(machine.get("/a").data()).isEqualTo(bytes("2"));
        assertThat(machine.lastZxid()).isEqualTo(2);
    }

    @Test
    void shouldNotReuseTheNumberOfASequentialNode() {
        run(create("/q"));
        run(new TreeOp.Create("/q/n", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL));
        run(new TreeOp.Delete("/q/n0000000000", -1));
        run(new TreeOp.Create("/q/n", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL));

        assertThat(machine.children("/q")).containsExactly("n0000000002");
    }

    @Test
    void shouldDropTheEphemeralsOfASession() {
        run(new TreeOp.Create("/mine", bytes(""), CreateMode.EPHEMERAL), create("/stays"));
        carryOut(new TreeCommand.Multi(8, List.of(new TreeOp.Create("/other", bytes(""), CreateMode.EPHEMERAL))));

        carryOut(new TreeCommand.CloseSession(SESSION));

        assertThat(machine.children("/")).containsExactly("other", "stays");
        assertThat(machine.get("/other").stat().ephemeralOwner()).isEqualTo(8);
        carryOut(new TreeCommand.CloseAllSessions());
        assertThat(machine.children("/")).containsExactly("stays");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldBehaveLikeAMapAndComeBackFromItsTransactionsAndSnapshots(long seed) {
        Random random = new Random(seed);
        TreeMap<String, String> model = new TreeMap<>();
        TreeMachine fromSnapshot = new TreeMachine();
        for (int step = 0; step < 500; step++) {
            String path = "/" + random.nextInt(4) + (random.nextBoolean() ? "" : "/" + random.nextInt(4));
            String parent = path.lastIndexOf('/') == 0 ? null : path.substring(0, 2);
            String data = "d" + step;
            int kind = random.nextInt(3);
            boolean childless = model.keySet().stream().noneMatch(other -> other.startsWith(path + "/"));
            boolean possible =
                    switch (kind) {
                        case 0 -> !model.containsKey(path) && (parent == null || model.containsKey(parent));
                        case 1 -> model.containsKey(path);
                        default -> model.containsKey(path) && childless;
                    };
            TreeOp operation =
                    switch (kind) {
                        case 0 -> new TreeOp.Create(path, bytes(data), CreateMode.PERSISTENT);
                        case 1 -> new TreeOp.Set(path, bytes(data), -1);
                        default -> new TreeOp.Delete(path, -1);
                    };
            if (!possible) {
                refused(CoordinationException.class, operation);
                continue;
            }
            run(operation);
            if (kind == 2) {
                model.remove(path);
            } else {
                model.put(path, data);
            }
            if (step == 250) {
                TreeFormat.restore(TreeFormat.encode(machine, 3), fromSnapshot);
                transactions.clear();
            }
        }
        transactions.forEach(transaction -> {
            byte[] bytes = TreeFormat.encode(transaction);
            fromSnapshot.apply(0, TreeFormat.decodeTransaction(bytes));
        });
        for (TreeMachine one : List.of(machine, fromSnapshot)) {
            model.forEach(
                    (path, data) -> assertThat(one.get(path).data()).as(path).isEqualTo(bytes(data)));
            assertThat(TreeFormat.encode(one, 9)).isEqualTo(TreeFormat.encode(machine, 9));
        }
    }

    @Test
    void shouldBearDamagedBytes() {
        run(create("/a"), new TreeOp.Set("/a", bytes("x"), -1), create("/b"), new TreeOp.Delete("/b", -1));
        byte[] transaction = TreeFormat.encode(transactions.get(0));
        byte[] snapshot = TreeFormat.encode(machine, 1);
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            byte[] damaged = (i % 2 == 0 ? transaction : snapshot).clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            damaged = java.util.Arrays.copyOf(
                    damaged, random.nextInt(4) == 0 ? random.nextInt(damaged.length) : damaged.length);
            try {
                if (i % 2 == 0) {
                    TreeFormat.decodeTransaction(damaged);
                } else {
                    TreeFormat.restore(damaged, new TreeMachine());
                    assertThat(damaged).isEqualTo(snapshot);
                }
            } catch (TreeFormat.FormatException e) {
                assertThat(e).hasMessageMatching("(?s).+");
            }
        }
    }

    private List<TreeResult> run(TreeOp... operations) {
        return carryOut(new TreeCommand.Multi(SESSION, List.of(operations)));
    }

    private List<TreeResult> carryOut(TreeCommand command) {
        Decision<TreeTransaction, List<TreeResult>> decision = machine.decide(command, 1000);
        for (TreeTransaction transaction : decision.events()) {
            machine.apply(0, transaction);
            transactions.add(transaction);
        }
        return decision.reply();
    }

    private void refused(Class<? extends RuntimeException> type, TreeOp... operations) {
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> run(operations))
                .isInstanceOf(type);
    }

    private static TreeOp create(String path) {
        return new TreeOp.Create(path, new byte[0], CreateMode.PERSISTENT);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
