// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SynchronizedHistogram;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The run of the demo: a broker, a topic, a producer, a group of two, a kill, and a second reading.
 *
 * <p>Threading: confined to the command's thread, but for {@link #close}, which a signal may call.
 */
final class Demo {

    static final String TOPIC = "demo";
    private static final String GROUP = "demo-readers";
    private static final int PARTITIONS = 3;
    private static final int MEMBERS = 2;
    private static final long STALL_NS = Duration.ofSeconds(30).toNanos();
    private static final int UPDATE_EVERY = 256;
    private static final int MAX_POLL_RECORDS = 10_000;

    private final Path directory;
    private final Progress progress;
    private final List<DemoResult.Phase> phases = new ArrayList<>();
    private final Histogram produceNs = new SynchronizedHistogram(3);
    private final AtomicReference<@Nullable BrokerProcess> broker = new AtomicReference<>();
    private final AtomicReference<@Nullable Exception> sendFailure = new AtomicReference<>();
    private volatile boolean closed;

    Demo(Path directory, Progress progress) {
        this.directory = directory;
        this.progress = progress;
    }

    /**
     * Runs all steps.
     *
     * @throws CommandFailure when a step fails or a record comes back different
     */
    DemoResult run(DemoInput input) throws InterruptedException {
        startBroker("start the broker");
        createTopic(input);
        final DemoCheck check = new DemoCheck(input, PARTITIONS);
        final AtomicLongArray sentNs = new AtomicLongArray(input.lines());
        final List<DemoMember> members = joinGroup(check, sentNs);
        final long startNs = System.nanoTime();
        produce(input, sentNs);
        progress.step("consume as a group of two");
        await("the group to read everything", check::isDone, check::count, input.lines(), members);
        phase("consume, group of two", startNs, true);
        final Histogram endToEndNs = new Histogram(3);
        members.forEach(DemoMember::leave);
        for (DemoMember member : members) {
            member.awaitEnd();
            failIf(member.failure());
            endToEndNs.add(member.latencyNs());
        }
        verify(check);

        progress.step("kill the broker");
        running().kill();
        startBroker("start the broker again");
        readAgain(input);
        progress.clear();
        return new DemoResult(input.lines(), input.sizeBytes(), List.copyOf(phases), produceNs, endToEndNs);
    }

    private void startBroker(String name) {
        progress.step(name);
        final long startNs = System.nanoTime();
        final BrokerProcess started = BrokerProcess.start(directory);
        broker.set(started);
        if (closed) {
            started.kill();
        }
        phase(name, startNs, false);
    }

    private void createTopic(DemoInput input) throws InterruptedException {
        progress.step("create a topic with " + PARTITIONS + " partitions");
        final NewTopic topic = new NewTopic(TOPIC, PARTITIONS, (short) 1)
                .configs(Map.of("max.message.bytes", Integer.toString(maxBatchBytes(input))));
        try (Admin admin = Admin.create(client(Map.of()))) {
            admin.createTopics(List.of(topic)).all().get();
        } catch (ExecutionException e) {
            throw CommandFailure.of(e);
        }
    }

    private List<DemoMember> joinGroup(DemoCheck check, AtomicLongArray sentNs) throws InterruptedException {
        progress.step("join a group of two");
        final long startNs = System.nanoTime();
        final Map<String, Object> properties =
                client(Map.of("group.id", GROUP, "auto.offset.reset", "earliest", "enable.auto.commit", false));
        final CountDownLatch uncommitted = new CountDownLatch(MEMBERS);
        final List<DemoMember> members = new ArrayList<>();
        for (int i = 1; i <= MEMBERS; i++) {
            final DemoMember member = new DemoMember("member-" + i, check, sentNs, uncommitted, properties);
            members.add(member);
            member.start();
        }
        await(
                "the group to share the partitions",
                () -> members.stream().allMatch(member -> member.assignedPartitions() > 0)
                        && assigned(members) == PARTITIONS,
                () -> assigned(members),
                PARTITIONS,
                members);
        phase("join the group", startNs, false);
        return members;
    }

    private static int assigned(List<DemoMember> members) {
        return members.stream().mapToInt(DemoMember::assignedPartitions).sum();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback sees every outcome
    private void produce(DemoInput input, AtomicLongArray sentNs) {
        progress.step("produce");
        final long startNs = System.nanoTime();
        final Map<String, Object> properties = client(Map.of(
                "acks",
                "all",
                "linger.ms",
                5,
                "batch.size",
                64 << 10,
                "buffer.memory",
                2L * maxBatchBytes(input) + (32 << 20),
                "max.request.size",
                maxBatchBytes(input) + 4096));
        final AtomicInteger acknowledged = new AtomicInteger();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < input.lines() && sendFailure.get() == null; i++) {
                final int line = i;
                sentNs.set(line, System.nanoTime());
                producer.send(new ProducerRecord<>(TOPIC, line % PARTITIONS, null, input.line(line)), (metadata, e) -> {
                    produceNs.recordValue(Math.max(0, System.nanoTime() - sentNs.get(line)));
                    acknowledged.incrementAndGet();
                    if (e != null) {
                        sendFailure.compareAndSet(null, e);
                    }
                });
                if (line % UPDATE_EVERY == 0) {
                    progress.update(acknowledged.get(), input.lines());
                }
            }
            producer.flush();
        }
        failIf(sendFailure.get());
        phase("produce, acks=all", startNs, true);
    }

    /** Reads all partitions from the start without a group, and looks whether the group's commits are still there. */
    private void readAgain(DemoInput input) throws InterruptedException {
        progress.step("read everything again");
        final long startNs = System.nanoTime();
        final DemoCheck check = new DemoCheck(input, PARTITIONS);
        final List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                .mapToObj(partition -> new TopicPartition(TOPIC, partition))
                .toList();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                client(Map.of("enable.auto.commit", false, "max.poll.records", MAX_POLL_RECORDS)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            await(
                    "everything to be read again",
                    () -> {
                        consumer.poll(Duration.ofMillis(50)).forEach(check::accept);
                        return check.isDone();
                    },
                    check::count,
                    input.lines(),
                    List.of());
            phase("read again after kill -9", startNs, true);
            verify(check);
            for (TopicPartition partition : partitions) {
                final long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, -1L);
                if (end != check.count(partition.partition())) {
                    throw new CommandFailure("DIFFERENT", partition + " has records nobody sent: endOffset=" + end);
                }
            }
        }
        verifyCommits(check);
    }

    private void verifyCommits(DemoCheck check) throws InterruptedException {
        try (Admin admin = Admin.create(client(Map.of()))) {
            final Map<TopicPartition, OffsetAndMetadata> commits = admin.listConsumerGroupOffsets(GROUP)
                    .partitionsToOffsetAndMetadata()
                    .get();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                final OffsetAndMetadata commit = commits.get(new TopicPartition(TOPIC, partition));
                if (commit == null || commit.offset() != check.count(partition)) {
                    throw new CommandFailure(
                            "DIFFERENT",
                            "the group's commit was not kept: partition=" + partition + ", commit=" + commit);
                }
            }
        } catch (ExecutionException e) {
            throw CommandFailure.of(e);
        }
    }

    private void verify(DemoCheck check) {
        final String difference = check.difference();
        if (difference != null) {
            throw new CommandFailure("DIFFERENT", difference);
        }
    }

    /** Waits for a condition, as long as there is progress. */
    private void await(
            String what, BooleanSupplier done, java.util.function.IntSupplier count, int all, List<DemoMember> members)
            throws InterruptedException {
        int last = -1;
        long lastNs = System.nanoTime();
        while (!done.getAsBoolean()) {
            final int now = count.getAsInt();
            if (now != last) {
                last = now;
                lastNs = System.nanoTime();
            } else if (System.nanoTime() - lastNs > STALL_NS) {
                throw new CommandFailure("TIMED_OUT", "waited in vain for " + what + ": " + now + " of " + all);
            }
            for (DemoMember member : members) {
                failIf(member.failure());
            }
            if (!running().isAlive()) {
                throw new CommandFailure(CommandFailure.FAILED, "the broker ended while waiting for " + what);
            }
            progress.update(now, all);
            Thread.sleep(1);
        }
    }

    private BrokerProcess running() {
        final BrokerProcess running = broker.get();
        if (running == null) {
            throw new IllegalStateException("no broker yet");
        }
        return running;
    }

    private static void failIf(@Nullable Exception thrown) {
        if (thrown != null) {
            throw CommandFailure.of(thrown);
        }
    }

    private Map<String, Object> client(Map<String, Object> more) {
        final Map<String, Object> properties = new TreeMap<>(more);
        properties.put("bootstrap.servers", running().address());
        properties.put("enable.metrics.push", false);
        return properties;
    }

    private static int maxBatchBytes(DemoInput input) {
        return Math.max(1 << 20, input.longestBytes()) + 4096;
    }

    private void phase(String name, long startNs, boolean isThroughput) {
        phases.add(new DemoResult.Phase(name, System.nanoTime() - startNs, isThroughput));
    }

    /** Ends the broker's process, if there is one. */
    void close() {
        closed = true;
        final BrokerProcess running = broker.get();
        if (running != null) {
            running.kill();
        }
    }
}
