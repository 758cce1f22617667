// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import io.varve.compare.Footprint;
import io.varve.target.Cluster;
import io.varve.target.ClusterBroker;
import io.varve.target.ClusterTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * One target's turn: a new cluster, which is started, loaded and killed. All topics have three replicas, of which two must have what is
 * acknowledged; all producers ask for that.
 *
 * <p>Threading: confined to the thread of the comparison.
 */
final class ClusterRound implements AutoCloseable {

    private static final int BROKERS = 3;
    private static final int PARTITIONS = 6;
    private static final int PACED_PER_SECOND = 2000;

    private static final List<ProduceLoad.Shape> SHAPES = List.of(
            new ProduceLoad.Shape("one record of 100 B a batch", 100, Map.of("batch.size", 0, "linger.ms", 0)),
            new ProduceLoad.Shape("records of 100 B, default batches", 100, Map.of()),
            new ProduceLoad.Shape(
                    "records of 1 KiB, batches of 256 KiB", 1024, Map.of("batch.size", 256 * 1024, "linger.ms", 10)));

    private final BiConsumer<String, Double> results;
    private final Plan plan;
    private final Cluster cluster;
    private final Topics topics;

    /**
     * How long and how much.
     *
     * @param warmUpMs of a load, before it is measured
     * @param measureMs of a load
     * @param idleMs over which idle processor time is counted
     * @param kills how often a leader is killed
     * @param partitions of the topic with many; 0 leaves it out
     */
    record Plan(long warmUpMs, long measureMs, long idleMs, int kills, int partitions) {}

    /** Starts the cluster. */
    ClusterRound(ClusterTarget target, Path directory, Plan plan, BiConsumer<String, Double> results)
            throws InterruptedException {
        this.plan = plan;
        this.results = results;
        this.cluster = Cluster.configure(Cluster.Plan.of(target, BROKERS, directory, Map.of()));
        this.topics = new Topics(cluster.bootstrap(), BROKERS);
        long startNs = System.nanoTime();
        cluster.brokers().forEach(ClusterBroker::start);
        cluster.awaitReady();
        results.accept("start, ms until all say that they serve", sinceMs(startNs));
        topics.createPatiently("first", PARTITIONS);
        ProduceLoad.sendToEach(cluster.bootstrap(), "first", PARTITIONS);
        results.accept(
                "start, ms until a record is acknowledged in each of " + PARTITIONS + " partitions", sinceMs(startNs));
    }

    private static double sinceMs(long startNs) {
        return (System.nanoTime() - startNs) / 1e6;
    }

    /** Everything, one after the other. */
    void run() throws Exception {
        memory("resident MiB per broker when idle");
        idle("idle, % of a processor per broker");
        latency();
        for (ProduceLoad.Shape shape : SHAPES) {
            produce(shape);
        }
        consume(SHAPES.get(SHAPES.size() - 1));
        memory("resident MiB per broker after the loads");
        for (int kill = 0; kill < plan.kills(); kill++) {
            failover("killed-" + kill);
        }
        if (plan.partitions() > 0) {
            manyPartitions();
        }
    }

    private static String topic(ProduceLoad.Shape shape) {
        return "shape-" + SHAPES.indexOf(shape);
    }

    private void latency() throws Exception {
        topics.create("paced", PARTITIONS);
        PacedLoad.Outcome outcome =
                PacedLoad.measure(cluster.bootstrap(), "paced", PACED_PER_SECOND, plan.warmUpMs(), plan.measureMs());
        String measure = String.format(Locale.ROOT, "%,d records/s of 100 B, ", PACED_PER_SECOND);
        results.accept(measure + "p50 ms", outcome.p50Ms());
        results.accept(measure + "p99 ms", outcome.p99Ms());
        results.accept(measure + "p99.9 ms", outcome.p999Ms());
    }

    private void produce(ProduceLoad.Shape shape) throws Exception {
        topics.create(topic(shape), PARTITIONS);
        try (ProduceLoad load = new ProduceLoad(cluster.bootstrap(), topic(shape), shape)) {
            Thread.sleep(plan.warmUpMs());
            long before = load.acknowledged();
            double processorBefore = processorSeconds();
            long startNs = System.nanoTime();
            Thread.sleep(plan.measureMs());
            double seconds = (System.nanoTime() - startNs) / 1e9;
            long records = load.acknowledged() - before;
            report(shape.name() + ", ", records, shape.valueBytes(), seconds, processorSeconds() - processorBefore);
        }
    }

    private void consume(ProduceLoad.Shape shape) throws IOException {
        double processorBefore = processorSeconds();
        ReadLoad.Outcome outcome = ReadLoad.readAll(cluster.bootstrap(), topic(shape), PARTITIONS);
        report(
                "consume " + shape.name() + ", ",
                outcome.records(),
                shape.valueBytes(),
                outcome.seconds(),
                processorSeconds() - processorBefore);
    }

    private void report(String measure, long records, int valueBytes, double seconds, double processorSeconds) {
        double gigabytes = records * (double) valueBytes / 1e9;
        results.accept(measure + "records/s", records / seconds);
        results.accept(measure + "MB/s", gigabytes * 1e3 / seconds);
        results.accept(measure + "processor s of the brokers per GB", processorSeconds / gigabytes);
    }

    private void failover(String topic) throws Exception {
        topics.create(topic, 1);
        ClusterBroker leader = cluster.broker(topics.awaitLeader(topic, 0));
        results.accept(
                "kill -9 of a leader, longest ms without an acknowledgement",
                PacedLoad.longestGapMs(cluster.bootstrap(), topic, leader::kill));
        long startNs = System.nanoTime();
        leader.start();
        topics.awaitInSync(topic);
        results.accept("restart after kill -9, ms until in sync", sinceMs(startNs));
        cluster.awaitReady(leader);
    }

    private void manyPartitions() throws Exception {
        String many = String.format(Locale.ROOT, "%,d partitions", plan.partitions());
        long startNs = System.nanoTime();
        topics.create("many", plan.partitions());
        results.accept("create " + many + ", ms until answered", topics.answeredMs());
        ProduceLoad.sendToEach(cluster.bootstrap(), "many", plan.partitions());
        results.accept("create " + many + ", ms until a record is acknowledged in each", sinceMs(startNs));
        idle("idle with " + many + ", % of a processor per broker");
        memory("resident MiB per broker with " + many);
        ClusterBroker broker = cluster.broker(BROKERS);
        long stopNs = System.nanoTime();
        broker.stop();
        results.accept("stop with " + many + ", ms", sinceMs(stopNs));
        long againNs = System.nanoTime();
        broker.start();
        cluster.awaitReady(broker);
        results.accept("restart with " + many + ", ms until it says that it serves", sinceMs(againNs));
        topics.awaitInSync("many");
        results.accept("restart with " + many + ", ms until all are in sync", sinceMs(againNs));
    }

    private void idle(String measure) throws IOException, InterruptedException {
        double before = processorSeconds();
        Thread.sleep(plan.idleMs());
        double used = processorSeconds() - before;
        results.accept(measure, used / BROKERS / (plan.idleMs() / 1e3) * 100);
    }

    private double processorSeconds() throws IOException {
        double sum = 0;
        for (ClusterBroker broker : cluster.brokers()) {
            sum += Footprint.processorSeconds(broker.pid());
        }
        return sum;
    }

    private void memory(String measure) throws IOException {
        double sum = 0;
        for (ClusterBroker broker : cluster.brokers()) {
            sum += Footprint.residentMib(broker.pid());
        }
        results.accept(measure, sum / BROKERS);
    }

    @Override
    public void close() {
        topics.close();
        cluster.close();
    }
}
