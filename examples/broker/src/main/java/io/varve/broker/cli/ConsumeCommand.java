// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve consume TOPIC}: prints each record on a line, byte for byte, until it is told to stop.
 *
 * <p>Threading: confined to the command's thread; a signal wakes it up.
 */
@Command(name = "consume", description = "Print the records of a topic, one on a line.")
final class ConsumeCommand implements Callable<Integer> {

    private static final Duration POLL = Duration.ofMillis(500);

    private final Streams streams;

    @Mixin
    private ClientOptions options = new ClientOptions();

    @Parameters(paramLabel = "TOPIC")
    private String topic = "";

    @Option(
            names = "--from-beginning",
            description = "Start with the first record; in a group, where it has not committed yet.")
    private boolean fromBeginning;

    @Option(names = "--max", paramLabel = "N", description = "Stop after N records.")
    private long max = Long.MAX_VALUE;

    @Option(names = "--until-end", description = "Stop at the end the topic has now.")
    private boolean untilEnd;

    @Option(
            names = "--group",
            paramLabel = "GROUP",
            description = "Consume as a member of a group and commit what was printed.")
    private @Nullable String group;

    @Option(
            names = "--key-separator",
            paramLabel = "TEXT",
            description = "Print the key and this text before the value.")
    private @Nullable String keySeparator;

    ConsumeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        final Map<String, Object> own = new java.util.HashMap<>(Map.of(
                "auto.offset.reset",
                fromBeginning ? "earliest" : "latest",
                "enable.auto.commit",
                false,
                "allow.auto.create.topics",
                false,
                "max.poll.records",
                (int) Math.max(1, Math.min(max, 1000))));
        if (group != null) {
            own.put("group.id", group);
        }
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                options.properties(own), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            final SignalHook hook = new SignalHook(consumer::wakeup);
            try {
                consume(consumer);
            } finally {
                hook.finish();
            }
        }
        return 0;
    }

    private void consume(KafkaConsumer<byte[], byte[]> consumer) {
        final List<TopicPartition> partitions = partitions(consumer);
        final Map<TopicPartition, Long> ends = untilEnd ? consumer.endOffsets(partitions) : Map.of();
        if (group != null) {
            consumer.subscribe(List.of(topic));
        } else {
            consumer.assign(partitions);
            if (fromBeginning) {
                consumer.seekToBeginning(partitions);
            } else {
                consumer.seekToEnd(partitions);
            }
        }
        long left = max;
        try {
            while (left > 0
                    && !(untilEnd && isPast(consumer, ends))
                    && !streams.out().checkError()) {
                left = printAll(consumer, consumer.poll(POLL), left);
            }
        } catch (WakeupException e) {
            streams.out().flush(); // a signal ends the command as --max does
        }
    }

    private List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer) {
        final List<PartitionInfo> infos = consumer.partitionsFor(topic);
        if (infos == null || infos.isEmpty()) {
            throw new CommandFailure(
                    "UNKNOWN_TOPIC_OR_PARTITION",
                    "no such topic: " + topic + "; create it with: varve topic create " + topic);
        }
        return infos.stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    private static boolean isPast(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        if (consumer.assignment().isEmpty()) {
            return false;
        }
        for (TopicPartition partition : consumer.assignment()) {
            if (consumer.position(partition) < ends.getOrDefault(partition, 0L)) {
                return false;
            }
        }
        return true;
    }

    private long printAll(KafkaConsumer<byte[], byte[]> consumer, ConsumerRecords<byte[], byte[]> records, long left) {
        long remaining = left;
        final Map<TopicPartition, org.apache.kafka.clients.consumer.OffsetAndMetadata> printed =
                new java.util.HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (remaining == 0) {
                break;
            }
            print(record);
            remaining--;
            printed.put(
                    new TopicPartition(record.topic(), record.partition()),
                    new org.apache.kafka.clients.consumer.OffsetAndMetadata(
                            record.offset() + 1, record.leaderEpoch(), ""));
        }
        streams.out().flush();
        if (group != null && !printed.isEmpty()) {
            consumer.commitSync(printed);
        }
        return remaining;
    }

    private void print(ConsumerRecord<byte[], byte[]> record) {
        final PrintStream out = streams.out();
        if (options.isJson()) {
            Printer.json(out, json(record));
            return;
        }
        if (keySeparator != null) {
            write(out, record.key());
            out.print(keySeparator);
        }
        write(out, record.value());
        out.write('\n');
    }

    private static void write(PrintStream out, byte @Nullable [] bytes) {
        if (bytes != null) {
            out.write(bytes, 0, bytes.length);
        }
    }

    private static Map<String, Object> json(ConsumerRecord<byte[], byte[]> record) {
        final Map<String, Object> json = object(
                "topic", record.topic(),
                "partition", record.partition(),
                "offset", record.offset(),
                "timestamp", record.timestamp());
        Printer.put(json, "key", record.key());
        Printer.put(json, "value", record.value());
        final List<Object> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            final Map<String, Object> value = object("key", header.key());
            Printer.put(value, "value", header.value());
            headers.add(value);
        }
        json.put("headers", headers);
        return json;
    }
}
