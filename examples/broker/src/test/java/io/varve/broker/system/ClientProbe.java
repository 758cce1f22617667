// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What an application does with the Java client, in the calls that every version from 2.8 on has: run with the jar of one version.
 *
 * <p>Prints {@code probe ok} and ends with 0, or ends with an exception and 1.
 */
final class ClientProbe {

    private static final int RECORDS_PER_CODEC = 500;
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    private final String bootstrap;
    private final String topic;
    private final String group;

    private ClientProbe(String bootstrap, String name) {
        this.bootstrap = bootstrap;
        this.topic = "probe-" + name;
        this.group = "probe-group-" + name;
    }

    public static void main(String[] args) throws Exception {
        ClientProbe probe = new ClientProbe(args[0], args[1]);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            probe.createAndAlter(admin);
            Map<String, String> produced = probe.produce();
            probe.consume(produced);
            probe.inspectAndDelete(admin, produced.size());
        }
        System.out.println("probe ok");
    }

    private void createAndAlter(Admin admin) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
        check(3, describe(admin).partitions().size(), "partitions");

        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp op = new AlterConfigOp(new ConfigEntry("retention.ms", "7654321"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(op))).all().get();
        ConfigEntry entry = admin.describeConfigs(List.of(resource))
                .all()
                .get()
                .get(resource)
                .get("retention.ms");
        check("7654321", entry.value(), "retention.ms");
        check(true, admin.listTopics().names().get().contains(topic), "topic listed");
        check(1, admin.describeCluster().nodes().get().size(), "brokers");
    }

    private Map<String, String> produce() throws Exception {
        Map<String, String> produced = new HashMap<>();
        for (String codec : CODECS) {
            Map<String, Object> config = Map.of(
                    "bootstrap.servers",
                    bootstrap,
                    "compression.type",
                    codec,
                    "enable.idempotence",
                    true,
                    "linger.ms",
                    5);
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                List<Future<RecordMetadata>> acks = IntStream.range(0, RECORDS_PER_CODEC)
                        .mapToObj(i -> producer.send(new ProducerRecord<>(topic, codec + i, value(codec, i))))
                        .collect(Collectors.toList());
                for (Future<RecordMetadata> ack : acks) {
                    check(true, ack.get().hasOffset(), "offset of " + codec);
                }
            }
            IntStream.range(0, RECORDS_PER_CODEC).forEach(i -> produced.put(codec + i, value(codec, i)));
        }
        return produced;
    }

    private static String value(String codec, int i) {
        return "value of record " + i + " under " + codec;
    }

    private void consume(Map<String, String> produced) {
        Map<String, String> missing = new HashMap<>(produced);
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.subscribe(List.of(topic));
            int consumed = 0;
            for (int polls = 0; !missing.isEmpty() && polls < 300; polls++) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    check(missing.remove(record.key()), record.value(), "value of " + record.key());
                    consumed++;
                }
                consumer.commitSync();
            }
            check(0, missing.size(), "records missing");
            check(produced.size(), consumed, "records consumed");
        }
        try (KafkaConsumer<String, String> again = consumer()) {
            again.subscribe(List.of(topic));
            for (int polls = 0; again.assignment().isEmpty() && polls < 300; polls++) {
                check(0, again.poll(Duration.ofMillis(200)).count(), "records after the committed offsets");
            }
            check(3, again.assignment().size(), "partitions assigned");
            check(0, again.poll(Duration.ofMillis(200)).count(), "records after the committed offsets");
        }
    }

    private KafkaConsumer<String, String> consumer() {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "group.id",
                        group,
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest"),
                new StringDeserializer(),
                new StringDeserializer());
    }

    @SuppressWarnings({"deprecation", "removal"}) // the newer call does not exist in the oldest client
    private void inspectAndDelete(Admin admin, long records) throws Exception {
        check(
                true,
                admin.listConsumerGroups().all().get().stream()
                        .anyMatch(listing -> listing.groupId().equals(group)),
                "group listed");
        check(
                "Empty",
                admin.describeConsumerGroups(List.of(group))
                        .all()
                        .get()
                        .get(group)
                        .state()
                        .toString(),
                "state of the group");
        check(
                records,
                admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values().stream()
                        .mapToLong(committed -> committed.offset())
                        .sum(),
                "committed offsets");

        TopicPartition first = new TopicPartition(topic, 0);
        long end = admin.listOffsets(Map.of(first, OffsetSpec.latest()))
                .all()
                .get()
                .get(first)
                .offset();
        admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(end)))
                .all()
                .get();
        check(
                end,
                admin.listOffsets(Map.of(first, OffsetSpec.earliest()))
                        .all()
                        .get()
                        .get(first)
                        .offset(),
                "start offset after the records were deleted");

        admin.deleteConsumerGroups(List.of(group)).all().get();
        admin.deleteTopics(List.of(topic)).all().get();
        check(false, admin.listTopics().names().get().contains(topic), "topic listed after it was deleted");
    }

    /** The call is {@code allTopicNames} from 3.1 on and was {@code all} before 4.0. */
    private TopicDescription describe(Admin admin) throws Exception {
        DescribeTopicsResult result = admin.describeTopics(List.of(topic));
        Object future;
        try {
            future = DescribeTopicsResult.class.getMethod("allTopicNames").invoke(result);
        } catch (NoSuchMethodException e) {
            future = DescribeTopicsResult.class.getMethod("all").invoke(result);
        }
        return (TopicDescription) ((Map<?, ?>) awaited((KafkaFuture<?>) future)).get(topic);
    }

    private static Object awaited(KafkaFuture<?> future) throws InterruptedException, ExecutionException {
        return future.get();
    }

    private static void check(Object expected, Object actual, String what) {
        if (!expected.equals(actual)) {
            throw new IllegalStateException(what + ": expected=" + expected + ", actual=" + actual);
        }
    }
}
