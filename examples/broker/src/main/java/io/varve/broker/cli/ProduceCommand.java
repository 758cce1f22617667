// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve produce TOPIC}: appends each line of standard input as a record, byte for byte.
 *
 * <p>Threading: confined to the command's thread; acknowledgements come on the producer's thread.
 */
@Command(name = "produce", description = "Append each line of standard input to a topic.")
final class ProduceCommand implements Callable<Integer> {

    private static final int MAX_RECORD_BYTES = 64 << 20;

    private final Streams streams;
    private final Map<Integer, long[]> partitions = new TreeMap<>();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    @Mixin
    private ClientOptions options = new ClientOptions();

    @Parameters(paramLabel = "TOPIC")
    private String topic = "";

    @Option(
            names = "--key-separator",
            paramLabel = "TEXT",
            description = "What stands between key and value of a line. Default: lines have no key.")
    private @Nullable String keySeparator;

    @Option(names = "--acks", paramLabel = "0|1|all", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "all")
    private String acks = "all";

    @Option(
            names = "--compression",
            paramLabel = "CODEC",
            description = "none, gzip, snappy, lz4 or zstd. Default: ${DEFAULT-VALUE}.",
            defaultValue = "none")
    private String compression = "none";

    ProduceCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        final Map<String, Object> properties = options.properties(Map.of(
                "acks",
                acks,
                "compression.type",
                compression,
                "enable.idempotence",
                acks.equals("all"),
                "max.block.ms",
                15_000,
                "delivery.timeout.ms",
                30_000,
                "max.request.size",
                MAX_RECORD_BYTES + (1 << 20),
                "buffer.memory",
                (long) MAX_RECORD_BYTES + (32 << 20),
                "linger.ms",
                5));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            sendAll(producer);
        }
        final Exception failed = failure.get();
        if (failed != null) {
            throw explained(failed);
        }
        report();
        return 0;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback sees every outcome
    private void sendAll(KafkaProducer<byte[], byte[]> producer) throws IOException {
        final LineReader lines = new LineReader(streams.in(), MAX_RECORD_BYTES);
        try {
            for (byte[] line = lines.next(); line != null && failure.get() == null; line = lines.next()) {
                producer.send(record(line, lines.lineNumber()), this::acknowledged);
                if (streams.in().available() == 0) {
                    producer.flush();
                }
            }
            producer.flush();
        } catch (org.apache.kafka.common.KafkaException e) {
            throw explained(e);
        }
    }

    private ProducerRecord<byte[], byte[]> record(byte[] line, long lineNumber) {
        if (keySeparator == null) {
            return new ProducerRecord<>(topic, line);
        }
        final byte[] separator = keySeparator.getBytes(StandardCharsets.UTF_8);
        final int at = indexOf(line, separator);
        if (at < 0) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "line " + lineNumber + " has no key: the separator is missing, separator=" + keySeparator);
        }
        final byte[] key = java.util.Arrays.copyOf(line, at);
        return new ProducerRecord<>(topic, key, java.util.Arrays.copyOfRange(line, at + separator.length, line.length));
    }

    private static int indexOf(byte[] line, byte[] word) {
        for (int at = 0; at <= line.length - word.length; at++) {
            if (java.util.Arrays.equals(line, at, at + word.length, word, 0, word.length)) {
                return at;
            }
        }
        return -1;
    }

    private synchronized void acknowledged(RecordMetadata metadata, @Nullable Exception thrown) {
        if (thrown != null) {
            failure.compareAndSet(null, thrown);
            return;
        }
        final long[] counted = partitions.computeIfAbsent(
                metadata.partition(), partition -> new long[] {0, metadata.offset(), metadata.offset()});
        counted[0]++;
        counted[2] = metadata.offset();
    }

    private CommandFailure explained(Exception thrown) {
        final CommandFailure cause = CommandFailure.of(thrown);
        if (cause.getCause() instanceof UnknownTopicOrPartitionException
                || String.valueOf(cause.getMessage()).contains("not present in metadata")) {
            return new CommandFailure(
                    "UNKNOWN_TOPIC_OR_PARTITION",
                    "no such topic: " + topic + "; create it with: varve topic create " + topic,
                    thrown);
        }
        return cause;
    }

    private synchronized void report() {
        long records = 0;
        final List<Object> values = new ArrayList<>();
        for (Map.Entry<Integer, long[]> entry : partitions.entrySet()) {
            final long[] counted = entry.getValue();
            records += counted[0];
            values.add(object(
                    "partition",
                    entry.getKey(),
                    "records",
                    counted[0],
                    "firstOffset",
                    counted[1] < 0 ? null : counted[1],
                    "lastOffset",
                    counted[2] < 0 ? null : counted[2]));
        }
        if (options.isJson()) {
            Printer.json(streams.out(), object("topic", topic, "records", records, "partitions", values));
        } else {
            streams.out().println("produced " + records + (records == 1 ? " record" : " records") + " to " + topic);
        }
    }
}
