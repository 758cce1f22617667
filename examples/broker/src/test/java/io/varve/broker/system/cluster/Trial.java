// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A topic that is written and read while a test does things to the brokers, and the verdict in the end.
 *
 * <p>Threading: confined to the test's thread.
 */
final class Trial implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final TestCluster cluster;
    private final String topic;
    private final List<Ledger> ledgers;
    private final PacedWriter writer;
    private final LiveReader reader;

    /** Creates the topic and begins; returns when every partition is written and read. */
    Trial(TestCluster cluster, String topic, int partitions, int perSecond, Map<String, Object> writing)
            throws Exception {
        this.cluster = cluster;
        this.topic = topic;
        cluster.createTopic(topic, partitions);
        this.ledgers =
                IntStream.range(0, partitions).mapToObj(ignored -> new Ledger()).toList();
        this.writer = new PacedWriter(cluster.bootstrap(), topic, ledgers, perSecond, writing);
        this.reader = new LiveReader(cluster.bootstrap(), topic, ledgers);
        awaitFlow();
    }

    String topic() {
        return topic;
    }

    /** Returns when in each partition a record is acknowledged that was sent after the call. */
    void awaitFlow() {
        List<Long> sent = ledgers.stream().map(Ledger::sent).toList();
        await("records are acknowledged", i -> ledgers.get(i).lastAcknowledged() >= sent.get(i));
    }

    private void await(String what, IntPredicate condition) {
        try {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> IntStream.range(0, ledgers.size()).allMatch(condition)
                            || !failures().isEmpty());
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    "not so within " + PATIENCE + ": " + what + ", topic=" + topic + ", acknowledged="
                            + ledgers.stream().map(Ledger::lastAcknowledged).toList() + ", shown="
                            + ledgers.stream().map(Ledger::shown).toList(),
                    e);
        }
        assertThat(failures()).as("what clients were told, topic %s", topic).isEmpty();
    }

    private List<String> failures() {
        return ledgers.stream().flatMap(ledger -> ledger.failures().stream()).toList();
    }

    /** How many records of each partition have been sent. */
    List<Long> sent() {
        return ledgers.stream().map(Ledger::sent).toList();
    }

    /** How many partitions have an acknowledged record of those that were sent after so many. */
    long acknowledgedSince(List<Long> sent) {
        return IntStream.range(0, ledgers.size())
                .filter(i -> ledgers.get(i).lastAcknowledged() >= sent.get(i))
                .count();
    }

    /** Lets {@link #gapsMs} be those of the time from now on. */
    void beginGaps() {
        long nowNs = System.nanoTime();
        ledgers.forEach(ledger -> ledger.beginGaps(nowNs));
    }

    /** The longest time without an acknowledgement of each partition, in milliseconds. */
    List<Double> gapsMs() {
        long nowNs = System.nanoTime();
        return ledgers.stream().map(ledger -> ledger.longestGapNs(nowNs) / 1e6).toList();
    }

    /** How long acknowledgements took since this was asked last. */
    Gaps takeLatencies() {
        Gaps latencies = new Gaps();
        latencies.addAll(writer.takeLatenciesMs());
        return latencies;
    }

    /** Stops writing, waits until all that was acknowledged has been shown to the reader, and demands that nothing is wrong. */
    long verify() throws Exception {
        writer.stop();
        List<LongList> present = LiveReader.readAll(cluster.bootstrap(), topic, ledgers.size());
        await(
                "the reader is shown all",
                i -> ledgers.get(i).shown() >= present.get(i).size());
        reader.stop();
        List<String> violations = new ArrayList<>(failures());
        for (int i = 0; i < ledgers.size(); i++) {
            String partition = topic + "-" + i + ": ";
            ledgers.get(i).violations(present.get(i)).forEach(violation -> violations.add(partition + violation));
        }
        long acknowledgements =
                ledgers.stream().mapToLong(Ledger::acknowledgements).sum();
        assertThat(violations)
                .as("of %d acknowledged records, %s", acknowledgements, cluster.name())
                .isEmpty();
        return acknowledgements;
    }

    /** Ends the clients of a test that has failed. */
    @Override
    public void close() throws InterruptedException {
        writer.abort();
        reader.stop();
    }
}
