// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static io.varve.coordination.tree.TreeFixture.bytes;
import static io.varve.coordination.tree.TreeFixture.create;
import static io.varve.coordination.tree.TreeFixture.error;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TreeQuotaTest {

    private static final String QUOTA = "/zookeeper/quota/a";
    private static final String STATS = QUOTA + "/zookeeper_stats";

    private final TreeFixture tree = new TreeFixture();

    @BeforeEach
    void setQuota() {
        tree.run(new TreeOp.Create("/a", bytes("12"), CreateMode.PERSISTENT));
        tree.run(new TreeOp.Create("/a/b", bytes("345"), CreateMode.PERSISTENT));
        tree.run(create("/ab"));
        tree.run(create(QUOTA));
        limit("count=1,bytes=1=;byteHardLimit=10;countHardLimit=4");
        tree.run(create(STATS));
    }

    private void limit(String text) {
        tree.run(new TreeOp.Create(QUOTA + "/zookeeper_limits", bytes(text), CreateMode.PERSISTENT));
    }

    @Test
    void shouldCountNodesAndBytesWithoutTouchingTheStat() {
        assertThat(tree.text(STATS)).isEqualTo("count=2,bytes=5");
        NodeStat before = tree.machine.stat(STATS);

        tree.run(new TreeOp.Create("/a/c", bytes("6789"), CreateMode.PERSISTENT));
        tree.run(new TreeOp.Create("/ab/c", bytes("other"), CreateMode.PERSISTENT));
        tree.run(new TreeOp.Set("/a", bytes(""), -1));
        assertThat(tree.text(STATS)).isEqualTo("count=3,bytes=7");
        tree.run(new TreeOp.Delete("/a/b", -1));
        assertThat(tree.text(STATS)).isEqualTo("count=2,bytes=4");
        assertThat(tree.machine.stat(STATS)).isEqualTo(before);
    }

    @Test
    void shouldRefuseWhatGoesOverAHardLimitWhenTold() {
        tree.run(new TreeOp.Set("/a", bytes("123456789"), -1));
        assertThat(tree.text(STATS)).isEqualTo("count=2,bytes=12");
        tree.apply(new TreeCommand.SetLimits(new TreeLimits(1000, true)));

        tree.refused(TreeError.QUOTA_EXCEEDED, new TreeOp.Set("/a/b", bytes("4444"), -1));
        tree.run(new TreeOp.Set("/a", bytes(""), -1));
        tree.run(create("/a/c"));
        tree.run(create("/a/d"));
        tree.refused(TreeError.QUOTA_EXCEEDED, create("/a/e"));
        tree.run(new TreeOp.Delete("/a/d", -1));
        assertThat(tree.created(create("/a/e")).path()).isEqualTo("/a/e");
    }

    @Test
    void shouldUndoTheCountsOfAMultiThatFails() {
        tree.apply(new TreeCommand.SetLimits(new TreeLimits(1000, true)));
        List<TreeResult> results = tree.multi(
                create("/a/c"), create("/a/d"), new TreeOp.Delete(QUOTA + "/zookeeper_limits", -1), create("/"));
        assertThat(error(results.get(3))).isEqualTo(TreeError.NODE_EXISTS);
        assertThat(tree.text(STATS)).isEqualTo("count=2,bytes=5");
        assertThat(error(tree.multi(create("/a/c"), create("/a/d"), create("/a/e"))
                        .get(2)))
                .isEqualTo(TreeError.QUOTA_EXCEEDED);
        tree.run(create("/a/c"));
        assertThat(tree.text(STATS)).isEqualTo("count=3,bytes=5");
    }

    @Test
    void shouldForgetAQuotaWhoseLimitIsDeletedAndKnowItAfterARestore() {
        TreeFixture restored = new TreeFixture(TreeFixture.restore(TreeFixture.snapshot(tree.machine), 3));
        restored.run(create("/a/c"));
        assertThat(restored.text(STATS)).isEqualTo("count=3,bytes=5");

        tree.run(new TreeOp.Delete(QUOTA + "/zookeeper_limits", -1));
        tree.run(create("/a/c"));
        assertThat(tree.text(STATS)).isEqualTo("count=2,bytes=5");
    }

    @Test
    void shouldBearTextThatIsNoQuota() {
        tree.run(new TreeOp.Set(
                QUOTA + "/zookeeper_limits", bytes("count=,;=x,bytes=many;\u0001=,byteHardLimit=1=2=3"), -1));
        tree.run(new TreeOp.Set(STATS, bytes("===;;nonsense"), -1));
        tree.apply(new TreeCommand.SetLimits(new TreeLimits(1000, true)));
        tree.run(create("/zookeeper/quota/zookeeper_limits"));
        tree.run(create("/zookeeper/quota/zookeeper_stats"));
        tree.run(create("/a/c"));

        assertThat(tree.text(STATS)).isEqualTo("count=0,bytes=-1");
    }
}
