// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Adds a fourth broker to three while records are sent, until it has its share, kills one meanwhile, and empties it again: clients notice
 * nothing, and no record is lost.
 *
 * <p>{@code -Dvarve.grow.partitions=300} is the long form.
 */
@EnabledIfSystemProperty(
        named = "varve.grow",
        matches = "true",
        disabledReason =
                "once of ten times the producer was not answered any more in one partition; it is not known why")
class ClusterGrowIT {

    private static final int PARTITIONS = Integer.getInteger("varve.grow.partitions", 30);
    private static final long SEED = Long.getLong("varve.grow.seed", 20261128L);
    private static final int PER_SECOND = 1000;
    private static final double MOST_TO_MEAN = 1.15;

    /** How long latencies are taken before anything is moved. */
    private static final long CALM_MS = Long.getLong("varve.grow.calm.ms", 3000);

    private static final Set<Integer> THREE = Set.of(1, 2, 3);
    private static final Set<Integer> FOUR = Set.of(1, 2, 3, 4);

    @Test
    void shouldGrowAndShrinkUnderLoad(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.start(directory);
                Trial trial = new Trial(cluster, "spread", PARTITIONS, PER_SECOND, Map.of())) {
            Elasticity elasticity = cluster.elasticity(trial.topic());
            trial.takeLatencies();
            Thread.sleep(CALM_MS);
            Gaps before = trial.takeLatencies();
            trial.beginGaps();
            Spread grown = grow(cluster, elasticity);
            Gaps meanwhile = trial.takeLatencies();
            Gaps growing = new Gaps();
            growing.addAll(trial.gapsMs());

            trial.beginGaps();
            elasticity.drain(4, THREE);
            Spread drained = elasticity.awaitEven(THREE, MOST_TO_MEAN);
            Gaps shrinking = new Gaps();
            shrinking.addAll(trial.gapsMs());
            cluster.brokers().broker(4).stop();
            trial.awaitFlow();

            System.out.printf(
                    "%s: %d partitions, %d records acknowledged, none lost; with a fourth broker %s, longest gaps of partitions %s; without it %s, %s;"
                            + " acknowledged after %s, while the fourth got its share after %s%n",
                    cluster.name(), PARTITIONS, trial.verify(), grown, growing, drained, shrinking, before, meanwhile);
        }
    }

    @Test
    void shouldGrowWhenABrokerIsKilledMeanwhile(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        try (TestCluster cluster = TestCluster.startVigilant(directory);
                Trial trial = new Trial(cluster, "spread", PARTITIONS, PER_SECOND, Map.of())) {
            Elasticity elasticity = cluster.elasticity(trial.topic());
            cluster.brokers().awaitReady(start(cluster));
            elasticity.use(FOUR);
            Thread.sleep(random.nextInt(1000));
            ClusterBroker killed = cluster.brokers().broker(1 + random.nextInt(4));
            killed.kill();
            trial.awaitFlow();
            killed.start();

            Spread grown = elasticity.awaitEven(FOUR, MOST_TO_MEAN);

            System.out.printf(
                    "%s: broker %d killed while a fourth got its share: %d records acknowledged, none lost; %s, seed=%d%n",
                    cluster.name(), killed.id(), trial.verify(), grown, SEED);
        }
    }

    private static Spread grow(TestCluster cluster, Elasticity elasticity) throws Exception {
        cluster.brokers().awaitReady(start(cluster));
        elasticity.use(FOUR);
        return elasticity.awaitEven(FOUR, MOST_TO_MEAN);
    }

    private static ClusterBroker start(TestCluster cluster) {
        ClusterBroker fourth = cluster.brokers().add();
        fourth.start();
        return fourth;
    }
}
