// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static io.varve.coordination.tree.TreeFixture.bytes;
import static io.varve.coordination.tree.TreeFixture.create;
import static io.varve.coordination.tree.TreeFixture.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TreeMachineTest {

    private final TreeFixture tree = new TreeFixture();
    private final TreeMachine machine = tree.machine;

    @Test
    void shouldBeginAsZooKeeperDoes() {
        assertThat(machine.stat("/")).isEqualTo(new NodeStat(0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 1));
        assertThat(machine.stat("/zookeeper")).isEqualTo(new NodeStat(0, 0, 0, 0, 0, 0, -2, 0, 0, 0, 2));
        assertThat(machine.stat("/zookeeper/config")).isEqualTo(new NodeStat(0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0));
        assertThat(machine.acl("/zookeeper/config")).isEqualTo(Acl.READ_ONLY);
        assertThat(machine.acl("/")).isEqualTo(Acl.OPEN);
        assertThat(machine.children("/zookeeper")).containsExactlyInAnyOrder("quota", "config");
        assertThat(machine.nodeCount()).isEqualTo(4);
    }

    /** Session opened by transaction 1. */
    @Test
    void shouldKeepTheStatOfANodeAndItsParent() {
        tree.run(create("/a")); // 2
        tree.run(new TreeOp.Create("/a/b", bytes("xyz"), CreateMode.EPHEMERAL)); // 3
        TreeResult set = tree.run(new TreeOp.Set("/a", bytes("12"), 0)); // 4

        assertThat(set).isEqualTo(new TreeResult.DataSet(machine.stat("/a")));
        assertThat(machine.stat("/a")).isEqualTo(new NodeStat(2, 4, 3, 2000, 4000, 1, 1, 0, 0, 2, 1));
        assertThat(machine.stat("/a/b")).isEqualTo(new NodeStat(3, 3, 3, 3000, 3000, 0, 0, 0, tree.session, 3, 0));

        tree.run(new TreeOp.Delete("/a/b", -1)); // 5
        assertThat(machine.stat("/a")).isEqualTo(new NodeStat(2, 4, 5, 2000, 4000, 1, 2, 0, 0, 2, 0));

        tree.run(new TreeOp.SetAcl("/a", Acl.READ_ONLY, 0)); // 6
        assertThat(machine.stat("/a")).isEqualTo(new NodeStat(2, 4, 5, 2000, 4000, 1, 2, 1, 0, 2, 0));
        assertThat(machine.get("/a/b")).isNull();
        assertThat(machine.children("/a/b")).isNull();
        assertThat(machine.lastZxid()).isEqualTo(6);
    }

    @Test
    void shouldRefuseInZooKeepersOrder() {
        tree.run(create("/a"));
        tree.run(create("/a/b"));
        tree.run(create("/e", CreateMode.EPHEMERAL));

        tree.refused(TreeError.NODE_EXISTS, create("/a"));
        tree.refused(TreeError.NODE_EXISTS, create("/"));
        tree.refused(TreeError.NO_NODE, create("/x/y"));
        tree.refused(TreeError.NO_CHILDREN_FOR_EPHEMERALS, create("/e/x"));
        tree.refused(TreeError.NO_NODE, new TreeOp.Set("/x", bytes(""), -1));
        tree.refused(TreeError.BAD_VERSION, new TreeOp.Set("/a", bytes(""), 1));
        tree.refused(TreeError.NO_NODE, new TreeOp.Check("/x", -1));
        tree.refused(TreeError.BAD_VERSION, new TreeOp.Check("/a", 5));
        tree.refused(TreeError.NOT_EMPTY, new TreeOp.Delete("/a", -1));
        tree.refused(TreeError.BAD_VERSION, new TreeOp.Delete("/a", 5));
        tree.refused(TreeError.BAD_VERSION, new TreeOp.Delete("/a/b", 5));
        tree.refused(TreeError.NO_NODE, new TreeOp.Delete("/a/c", -1));
        tree.refused(TreeError.NO_NODE, new TreeOp.Delete("/c/c", -1));
        for (String lasting : List.of("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config")) {
            tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.Delete(lasting, -1));
        }
        tree.refused(TreeError.NO_NODE, new TreeOp.SetAcl("/x", Acl.OPEN, -1));
        tree.refused(TreeError.BAD_VERSION, new TreeOp.SetAcl("/a", Acl.OPEN, 3));
        tree.refused(TreeError.INVALID_ACL, new TreeOp.SetAcl("/x", List.of(), -1));
    }

    @Test
    void shouldRefusePathsThatAreNotAllowed() {
        tree.run(create("/a"));
        for (String path : List.of(
                "",
                "a",
                "/a\0",
                "//",
                "//a",
                "/.",
                "/..",
                "/a/..",
                "/a/.",
                "/a/",
                "/\u0001",
                "/a\uD800",
                "/\uE000",
                "/\uFFF0",
                "/\u007F")) {
            tree.refused(TreeError.BAD_ARGUMENTS, create(path));
            tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.SetAcl(path, Acl.OPEN, -1));
            tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.Set(path, bytes(""), -1));
            tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.Check(path, -1));
        }
        // The parent is looked for before the path is looked at.
        tree.refused(TreeError.NO_NODE, create("/./b"));
        tree.refused(TreeError.NO_NODE, create("/a/../b"));
        tree.refused(TreeError.NO_NODE, create("/a//b"));
        tree.refused(TreeError.NO_NODE, create("a/b"));
        for (String path : List.of("/...", "/..b", "/.b", "/b.", "/a/b..", "/ ", "/\u00e4\u4e16", "/a/\ufeff")) {
            assertThat(tree.created(create(path)).path()).isEqualTo(path);
            assertThat(machine.get(path)).isNotNull();
        }
        assertThat(machine.get("/a/")).isNull();
        assertThat(machine.get("a")).isNull();
        assertThat(machine.get("//a")).isNull();
    }

    @Test
    void shouldNumberSequentialNodesByTheChildrenThatWereCreated() {
        tree.run(create("/q"));
        tree.run(create("/q/other"));
        assertThat(tree.created(create("/q/n", CreateMode.PERSISTENT_SEQUENTIAL))
                        .path())
                .isEqualTo("/q/n0000000001");
        tree.run(new TreeOp.Delete("/q/n0000000001", -1));
        assertThat(tree.created(create("/q/n", CreateMode.EPHEMERAL_SEQUENTIAL)).path())
                .isEqualTo("/q/n0000000002");
        assertThat(tree.created(create("/q/", CreateMode.PERSISTENT_SEQUENTIAL)).path())
                .isEqualTo("/q/0000000003");
        assertThat(machine.stat("/q").cversion()).isEqualTo(5);
    }

    @Test
    void shouldGoOnWithNegativeNumbersAsZooKeeperDoes() {
        TreeNodes nodes = new TreeNodes(1);
        TreeUpdates updates = new TreeUpdates(nodes, new Quotas(nodes));
        nodes.root().cversion = Integer.MAX_VALUE;
        TreeUpdates.Asker asker = new TreeUpdates.Asker(1, List.of(), TreeLimits.DEFAULT);
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            TreeResult result = updates.carryOut(
                    create("/n", CreateMode.PERSISTENT_SEQUENTIAL), asker, new TreeEdit(i + 1, 0, false));
            paths.add(((TreeResult.Created) result).path());
        }
        assertThat(paths).containsExactly("/n2147483647", "/n-2147483648", "/n-2147483647");
    }

    @Test
    void shouldDeleteTheEphemeralsOfASessionInOneTransaction() {
        SessionOwner secondOwner = new SessionOwner(2, 1);
        long second = tree.open(secondOwner);
        tree.run(create("/z", CreateMode.EPHEMERAL));
        tree.run(create("/p"));
        tree.run(create("/p/e", CreateMode.EPHEMERAL_SEQUENTIAL));
        tree.apply(new TreeCommand.Update(second, secondOwner, List.of(), create("/other", CreateMode.EPHEMERAL)));
        assertThat(machine.ephemerals(tree.session, "/")).containsExactly("/p/e0000000000", "/z");
        assertThat(machine.ephemerals(tree.session, "/p")).containsExactly("/p/e0000000000");
        assertThat(machine.ephemeralCount()).isEqualTo(3);

        TreeResult closed = tree.apply(new TreeCommand.CloseSession(tree.session, true));

        assertThat(closed).isEqualTo(new TreeResult.SessionClosed());
        assertThat(tree.last.changes())
                .containsExactly(
                        new TreeChange.Deleted("/p/e0000000000", Acl.OPEN, Acl.OPEN),
                        new TreeChange.Deleted("/z", Acl.OPEN, Acl.OPEN));
        assertThat(machine.stat("/p").pzxid()).isEqualTo(tree.last.zxid());
        assertThat(machine.ephemerals(tree.session, "/")).isEmpty();
        assertThat(machine.stat("/other").ephemeralOwner()).isEqualTo(second);
        assertThat(error(tree.run(create("/late", CreateMode.EPHEMERAL)))).isEqualTo(TreeError.SESSION_EXPIRED);
        assertThat(tree.apply(new TreeCommand.CloseSession(tree.session, false)))
                .isEqualTo(new TreeResult.SessionClosed());
        assertThat(tree.last.changes()).isEmpty();
    }

    @Test
    void shouldCloseASessionWithManyEphemerals() {
        tree.run(create("/many"));
        for (int i = 0; i < 50_000; i++) {
            tree.run(create("/many/e", CreateMode.EPHEMERAL_SEQUENTIAL));
        }
        tree.apply(new TreeCommand.CloseSession(tree.session, true));

        assertThat(tree.last.changes()).hasSize(50_000);
        assertThat(machine.stat("/many").cversion()).isEqualTo(100_000);
        assertThat(machine.nodeCount()).isEqualTo(5);
    }

    @Test
    void shouldReapContainersOnceTheyHaveHadAChild() {
        tree.run(create("/c", CreateMode.CONTAINER));
        assertThat(machine.stat("/c").ephemeralOwner()).isZero();
        assertThat(machine.reapable(Long.MAX_VALUE, 10)).isEmpty();
        tree.run(create("/c/x"));
        assertThat(machine.reapable(Long.MAX_VALUE, 10)).isEmpty();
        tree.run(new TreeOp.Delete("/c/x", -1));
        assertThat(machine.reapable(0, 10)).containsExactly("/c");
        tree.run(create("/c/y"));

        assertThat(tree.apply(new TreeCommand.Reap(List.of("/c", "/", "/nothing"))))
                .isEqualTo(new TreeResult.Reaped(0));
        tree.run(new TreeOp.Delete("/c/y", -1));
        assertThat(tree.apply(new TreeCommand.Reap(List.of("/c", "/c")))).isEqualTo(new TreeResult.Reaped(1));
        assertThat(tree.last.changes()).containsExactly(new TreeChange.Deleted("/c", Acl.OPEN, Acl.OPEN));
        assertThat(machine.get("/c")).isNull();
    }

    @Test
    void shouldReapNodesWhoseTimeHasEnded() {
        tree.run(new TreeOp.Create("/t", bytes(""), Acl.OPEN, CreateMode.PERSISTENT_WITH_TTL, 500)); // 2, at 2000
        tree.run(new TreeOp.Create(
                "/u", bytes(""), Acl.OPEN, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, TreeOp.MAX_TTL_MS));
        assertThat(machine.stat("/t").ephemeralOwner()).isZero();
        assertThat(machine.reapable(2500, 10)).isEmpty();
        assertThat(machine.reapable(2501, 10)).containsExactly("/t");
        tree.run(create("/t/child"));
        assertThat(machine.reapable(9000, 10)).isEmpty();
        tree.run(new TreeOp.Delete("/t/child", -1));
        tree.run(new TreeOp.Set("/t", bytes("renewed"), -1)); // 6, at 6000
        assertThat(machine.reapable(6500, 10)).isEmpty();

        assertThat(tree.apply(new TreeCommand.Reap(List.of("/t", "/u0000000001"))))
                .isEqualTo(new TreeResult.Reaped(1));
        assertThat(machine.get("/t")).isNull();
        for (long ttlMs : new long[] {0, -1, TreeOp.MAX_TTL_MS + 1}) {
            TreeOp.Create create = new TreeOp.Create("/t", bytes(""), Acl.OPEN, CreateMode.PERSISTENT_WITH_TTL, ttlMs);
            tree.refused(TreeError.BAD_ARGUMENTS, create);
        }
    }

    @Test
    void shouldApplyAllOfAMulti() {
        tree.run(create("/a"));
        List<TreeResult> results = tree.multi(
                create("/b"),
                create("/b/n-", CreateMode.PERSISTENT_SEQUENTIAL),
                create("/b/n-", CreateMode.PERSISTENT_SEQUENTIAL),
                new TreeOp.Set("/a", bytes("1"), 0),
                new TreeOp.Set("/a", bytes("2"), 1),
                new TreeOp.Check("/a", 2),
                new TreeOp.Delete("/b/n-0000000000", 0));

        assertThat(((TreeResult.Created) results.get(2)).path()).isEqualTo("/b/n-0000000001");
        assertThat(((TreeResult.DataSet) results.get(3)).stat().version()).isEqualTo(1);
        assertThat(results.get(5)).isEqualTo(new TreeResult.Checked());
        assertThat(machine.children("/b")).containsExactly("n-0000000001");
        assertThat(tree.text("/a")).isEqualTo("2");
        assertThat(machine.stat("/b").mzxid()).isEqualTo(tree.last.zxid());
        assertThat(tree.last.changes()).hasSize(6);
        assertThat(tree.multi()).isEmpty();
    }

    @Test
    void shouldUndoAMultiThatFails() {
        tree.run(create("/a"));
        tree.run(create("/a/child"));
        tree.run(create("/e", CreateMode.EPHEMERAL));
        List<String> before = TreeFixture.lines(machine);
        long bytes = machine.approximateDataBytes();

        List<TreeResult> results = tree.multi(
                create("/b"),
                create("/b/c", CreateMode.EPHEMERAL),
                create("/k", CreateMode.CONTAINER),
                new TreeOp.Set("/a", bytes("changed"), -1),
                new TreeOp.Delete("/a/child", -1),
                new TreeOp.SetAcl("/a", Acl.READ_ONLY, -1),
                new TreeOp.Delete("/e", -1),
                new TreeOp.Check("/a", 7),
                create("/never"));

        assertThat(results.stream().map(TreeFixture::error))
                .containsExactly(
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.OK,
                        TreeError.BAD_VERSION,
                        TreeError.RUNTIME_INCONSISTENCY);
        assertThat(TreeFixture.lines(machine)).isEqualTo(before);
        assertThat(machine.approximateDataBytes()).isEqualTo(bytes);
        assertThat(machine.ephemerals(tree.session, "/")).containsExactly("/e");
        assertThat(machine.ephemeralCount()).isEqualTo(1);
        assertThat(machine.reapable(Long.MAX_VALUE, 10)).isEmpty();
        assertThat(TreeFixture.restore(TreeFixture.snapshot(machine), 9).digest())
                .isEqualTo(machine.digest());
    }

    @Test
    void shouldMoveASessionToTheConnectionThatAttachesLast() {
        SessionOwner elsewhere = new SessionOwner(3, 1);
        TreeCommand.AttachSession attach =
                new TreeCommand.AttachSession(tree.session, TreeFixture.PASSWORD, 20_000, elsewhere);
        assertThat(tree.session >>> 56).isEqualTo(1);

        assertThat(tree.apply(attach)).isEqualTo(new TreeResult.Attached(tree.session, 20_000));

        TreeSession session = machine.session(tree.session);
        assertThat(session.owner()).isEqualTo(elsewhere);
        assertThat(session.timeoutMs()).isEqualTo(20_000);
        tree.refused(TreeError.SESSION_MOVED, create("/a"));
        assertThat(error(tree.multi(create("/a")).get(0))).isEqualTo(TreeError.SESSION_MOVED);
        assertThat(tree.apply(new TreeCommand.Update(tree.session, elsewhere, List.of(), create("/a"))))
                .isInstanceOf(TreeResult.Created.class);
        assertThat(error(tree.apply(new TreeCommand.AttachSession(tree.session, bytes("guess"), 1, tree.owner))))
                .isEqualTo(TreeError.AUTH_FAILED);
        assertThat(error(tree.apply(new TreeCommand.AttachSession(99, TreeFixture.PASSWORD, 1, tree.owner))))
                .isEqualTo(TreeError.SESSION_EXPIRED);
        assertThat(machine.sessions()).hasSize(1);
    }

    @Test
    void shouldRefuseWhatIsTooLargeAndStand() {
        byte[] large = new byte[0xfffff + 1];
        tree.run(create("/a"));
        tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.Create("/b", large, CreateMode.PERSISTENT));
        tree.refused(TreeError.BAD_ARGUMENTS, new TreeOp.Set("/a", large, -1));
        tree.apply(new TreeCommand.SetLimits(new TreeLimits(large.length, false)));

        assertThat(tree.run(new TreeOp.Set("/a", large, -1))).isInstanceOf(TreeResult.DataSet.class);
        assertThat(machine.limits().maxDataBytes()).isEqualTo(large.length);
    }

    @Test
    void shouldHoldTheConfigurationOfTheQuorum() {
        TreeResult set = tree.apply(new TreeCommand.SetConfig(bytes("server.1=a:1:2")));

        assertThat(((TreeResult.DataSet) set).stat().version()).isEqualTo(-1);
        assertThat(tree.text("/zookeeper/config")).isEqualTo("server.1=a:1:2");
        assertThat(tree.last.changes()).containsExactly(new TreeChange.DataSet("/zookeeper/config", Acl.READ_ONLY));
        tree.refused(TreeError.NO_AUTH, new TreeOp.Set("/zookeeper/config", bytes("x"), -1));
    }

    @Test
    void shouldBearADeepPath() {
        StringBuilder path = new StringBuilder();
        for (int depth = 0; depth < 3_000; depth++) {
            path.append("/d");
            tree.run(create(path.toString()));
        }
        assertThat(machine.allChildrenNumber("/d")).isEqualTo(2_999);
        assertThat(machine.allChildrenNumber("/")).isEqualTo(3_003);
        assertThat(machine.allChildrenNumber("/nothing")).isEqualTo(-1);
        TreeMachine restored = TreeFixture.restore(TreeFixture.snapshot(machine), 1);
        assertThat(restored.stat(path.toString())).isEqualTo(machine.stat(path.toString()));
    }

    @Test
    void shouldRefuseATransactionOutOfOrder() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> machine.apply(1, 0, new TreeCommand.Reap(List.of())))
                .withMessageContaining("zxid=1");
    }
}
