// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills all brokers at once while records are sent, and starts them in random order: nothing that was acknowledged is lost.
 *
 * <p>{@code -Dvarve.power.rounds=50} is the long form; {@code -Dvarve.power.seed} repeats the order and the moments of a run as far as
 * scheduling lets it.
 */
class ClusterPowerIT {

    private static final int ROUNDS = Integer.getInteger("varve.power.rounds", 3);
    private static final long SEED = Long.getLong("varve.power.seed", 20261128L);
    private static final int PARTITIONS = 3;
    private static final int PER_SECOND = 1000;
    private static final int LONGEST_PAUSE_MS = 1500;

    @Test
    void shouldKeepWhatWasAcknowledged(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        try (TestCluster cluster = TestCluster.start(directory);
                Trial trial = new Trial(cluster, "darkened", PARTITIONS, PER_SECOND, Map.of())) {
            Gaps gaps = new Gaps();
            for (int round = 0; round < ROUNDS; round++) {
                Thread.sleep(300 + random.nextInt(1000));
                List<ClusterBroker> brokers = new ArrayList<>(cluster.brokers().brokers());
                trial.beginGaps();
                brokers.parallelStream().forEach(ClusterBroker::kill);
                Collections.shuffle(brokers, random);
                for (ClusterBroker broker : brokers) {
                    broker.start();
                    Thread.sleep(random.nextInt(LONGEST_PAUSE_MS));
                }
                trial.awaitFlow();
                gaps.addAll(trial.gapsMs());
                cluster.brokers().awaitReady();
                cluster.awaitInSync(trial.topic());
            }
            System.out.printf(
                    "%s: all killed %d times, %d records acknowledged, none lost; longest gaps of partitions %s, seed=%d%n",
                    cluster.name(), ROUNDS, trial.verify(), gaps, SEED);
        }
    }
}
