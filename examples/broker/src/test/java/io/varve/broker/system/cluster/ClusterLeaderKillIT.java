// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the leader of a partition again and again while an idempotent producer sends 1,000 records a second to it and a consumer reads:
 * nothing that was acknowledged is lost, nothing is twice there, nothing out of order.
 *
 * <p>{@code -Dvarve.kill.rounds=100} is the long form; {@code -Dvarve.kill.seed} repeats the moments of a run as far as scheduling lets
 * it.
 */
class ClusterLeaderKillIT {

    private static final int ROUNDS = Integer.getInteger("varve.kill.rounds", 3);
    private static final long SEED = Long.getLong("varve.kill.seed", 20261128L);
    private static final int PER_SECOND = 1000;

    @Test
    void shouldKeepWhatWasAcknowledged(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        try (TestCluster cluster = TestCluster.start(directory);
                Trial trial = new Trial(cluster, "killed", 1, PER_SECOND, Map.of())) {
            Gaps gaps = new Gaps();
            for (int round = 0; round < ROUNDS; round++) {
                Thread.sleep(300 + random.nextInt(1000));
                ClusterBroker leader = cluster.awaitLeader(trial.topic(), 0);
                trial.beginGaps();
                leader.kill();
                trial.awaitFlow();
                gaps.addAll(trial.gapsMs());
                leader.start();
                cluster.brokers().awaitReady(leader);
                cluster.awaitInSync(trial.topic());
            }
            System.out.printf(
                    "%s: leader killed %d times, %d records acknowledged, none lost; longest gap %s, seed=%d%n",
                    cluster.name(), ROUNDS, trial.verify(), gaps, SEED);
        }
    }
}
