// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pauses a leader for twice the time after which the others go on without it, and lets it go on: it does not know yet that it leads no
 * more, and what it says must not count.
 *
 * <p>One producer gives up its requests meanwhile and sends them to the next leader, while the old one has them still before it; another
 * waits for the answers. {@code -Dvarve.zombie.rounds=50} is the long form.
 */
class ClusterZombieIT {

    private static final int ROUNDS = Integer.getInteger("varve.zombie.rounds", 2);
    private static final int PAUSE_MS = 2 * TestCluster.SESSION_TIMEOUT_MS;
    private static final int PARTITIONS = 3;
    private static final int PER_SECOND = 500;

    @Test
    void shouldNotCountWhatAPausedLeaderSays(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.startVigilant(directory);
                Trial moving = trial(cluster, "moving", TestCluster.SESSION_TIMEOUT_MS);
                Trial waiting = trial(cluster, "waiting", 10 * PAUSE_MS)) {
            Gaps gaps = new Gaps();
            for (int round = 0; round < ROUNDS; round++) {
                Trial led = round % 2 == 0 ? moving : waiting;
                ClusterBroker leader = cluster.awaitLeader(led.topic(), round % PARTITIONS);
                moving.beginGaps();
                leader.pause();
                Thread.sleep(PAUSE_MS);
                leader.resume();
                moving.awaitFlow();
                gaps.addAll(moving.gapsMs());
                waiting.awaitFlow();
                cluster.awaitInSync(moving.topic());
                cluster.awaitInSync(waiting.topic());
            }
            System.out.printf(
                    "%s: leader paused %d times for %d ms, %d and %d records acknowledged, none lost; longest gaps of partitions %s%n",
                    cluster.name(), ROUNDS, PAUSE_MS, moving.verify(), waiting.verify(), gaps);
        }
    }

    private static Trial trial(TestCluster cluster, String topic, int requestTimeoutMs) throws Exception {
        return new Trial(
                cluster, topic, PARTITIONS, PER_SECOND, Map.<String, Object>of("request.timeout.ms", requestTimeoutMs));
    }
}
