// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stops and starts one broker after the other while records are sent, as for an upgrade: clients are told of nothing.
 *
 * <p>{@code -Dvarve.rolling.rounds} says how often all of them are restarted.
 */
class ClusterRollingIT {

    private static final int ROUNDS = Integer.getInteger("varve.rolling.rounds", 1);
    private static final int PARTITIONS = 6;
    private static final int PER_SECOND = 1000;

    @Test
    void shouldTellClientsOfNothing(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.start(directory);
                Trial trial = new Trial(cluster, "rolled", PARTITIONS, PER_SECOND, Map.of())) {
            Gaps gaps = new Gaps();
            for (int round = 0; round < ROUNDS; round++) {
                for (ClusterBroker broker : cluster.brokers().brokers()) {
                    trial.beginGaps();
                    broker.stop();
                    trial.awaitFlow();
                    broker.start();
                    cluster.brokers().awaitReady(broker);
                    cluster.awaitInSync(trial.topic());
                    trial.awaitFlow();
                    gaps.addAll(trial.gapsMs());
                }
            }
            System.out.printf(
                    "%s: %d restarts, %d records acknowledged, no errors; longest gaps of partitions %s%n",
                    cluster.name(), ROUNDS * TestCluster.BROKERS, trial.verify(), gaps);
        }
    }
}
