// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Member;
import io.varve.target.Quorum;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the leader again and again while sessions write, then compares what each was told with what each member has.
 *
 * <p>{@code -Dvarve.kill.rounds=200} is the long form; {@code -Dvarve.kill.seed} repeats the moments of a run as far as scheduling lets
 * it.
 */
class QuorumKillIT {

    private static final int ROUNDS = Integer.getInteger("varve.kill.rounds", 3);
    private static final long SEED = Long.getLong("varve.kill.seed", 20261128L);
    private static final int WRITERS = 4;
    private static final int GAP_TIMEOUT_S = 120;

    @Test
    void shouldKeepWhatItAcknowledged(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        try (Quorum quorum = TargetQuorum.start(3, directory)) {
            List<KillWriter> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(new KillWriter(quorum.connectString(), "/writer-" + i));
            }
            List<Long> gapsMs = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                Thread.sleep(300 + random.nextInt(1200));
                gapsMs.add(killLeader(quorum, writers));
            }

            int acknowledged = 0;
            for (KillWriter writer : writers) {
                WriteHistory history = writer.stop();
                acknowledged += history.acknowledged();
                for (Member member : quorum.members()) {
                    assertThat(outcome(member, writer.path(), history))
                            .as("%s at member %d, seed=%d", writer.path(), member.id(), SEED)
                            .isEmpty();
                }
            }
            assertThat(acknowledged).isPositive();
            gapsMs.sort(null);
            System.out.printf(
                    "%s: %d kills of the leader, %d writes acknowledged; ms from kill to next acknowledged write: median %d, max %d%n",
                    quorum.target().name(),
                    ROUNDS,
                    acknowledged,
                    gapsMs.get(gapsMs.size() / 2),
                    gapsMs.get(gapsMs.size() - 1));
        }
    }

    /** Kills the leader, waits until writes go on, and brings it back; the milliseconds without writes. */
    private static long killLeader(Quorum quorum, List<KillWriter> writers) throws InterruptedException {
        Member leader = quorum.awaitLeader();
        CountDownLatch over = new CountDownLatch(1);
        leader.kill();
        long killedNs = System.nanoTime();
        writers.forEach(writer -> writer.watchGap(killedNs, over));
        assertThat(over.await(GAP_TIMEOUT_S, TimeUnit.SECONDS))
                .as("writes go on without member %d", leader.id())
                .isTrue();
        long gapMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedNs);
        leader.start();
        quorum.awaitServing();
        return gapMs;
    }

    private static List<String> outcome(Member member, String path, WriteHistory history) throws Exception {
        try (CuratorFramework reader =
                CuratorFrameworkFactory.newClient(member.connectString(), new RetryForever(100))) {
            reader.start();
            reader.blockUntilConnected();
            reader.sync().forPath(path);
            Stat stat = new Stat();
            int value = Integer.parseInt(
                    new String(reader.getData().storingStatIn(stat).forPath(path), UTF_8));
            Set<Integer> present = reader.getChildren().forPath(path).stream()
                    .map(Integer::valueOf)
                    .collect(Collectors.toSet());
            return history.violations(present, value, stat.getVersion());
        }
    }
}
