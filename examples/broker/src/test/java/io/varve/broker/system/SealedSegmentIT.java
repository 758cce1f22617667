// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of a partition, under the eyes of the tool with which Kafka's operators look at theirs. */
class SealedSegmentIT {

    private static final String DUMP = "org.apache.kafka.tools.DumpLogSegments";
    private static final int RECORDS = 4000;

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void shouldPassDumpLog(String codec, @TempDir Path directory) throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            fill(broker, codec);
            broker.stop();
        }

        Path partition = directory.resolve("data").resolve("dumped-0");
        List<Path> segments = files(partition, ".log");
        assertThat(segments).hasSizeGreaterThan(2);
        long dumped = 0;
        List<String> kafkas = new ArrayList<>();
        for (Path segment : segments) {
            Run run = dump("--deep-iteration", "--files", segment.toString());
            assertThat(run.stdout() + run.stderr()).doesNotContain("rror", "nvalid", "Exception", "isvalid: false");
            run.stdout()
                    .lines()
                    .filter(line -> line.startsWith("| offset:") || line.startsWith("baseOffset:"))
                    .forEach(kafkas::add);
            dumped += run.stdout()
                    .lines()
                    .filter(line -> line.startsWith("| offset:"))
                    .count();
        }
        assertThat(dumped).isEqualTo(RECORDS);
        Run ours = Run.of(Distribution.command("log", "dump", "--records", partition.toString()))
                .ok();
        assertThat(ours.stdout().lines().filter(line -> line.startsWith("|") || line.startsWith("base")))
                .isEqualTo(kafkas);
        Run.of(Distribution.command("log", "verify", "--records", partition.toString()))
                .ok();
        for (String kind : List.of(".index", ".timeindex")) {
            List<Path> indexes = files(partition, kind);
            assertThat(indexes).hasSameSizeAs(segments);
            for (Path index : indexes) {
                Run run = dump("--index-sanity-check", "--files", index.toString());
                assertThat(run.stdout() + run.stderr())
                        .contains(index + " passed sanity check.")
                        .doesNotContain("rror", "Exception", "ismatch");
                Run verified = dump("--verify-index-only", "--files", index.toString());
                assertThat(verified.stdout() + verified.stderr())
                        .doesNotContain("rror", "Exception", "ismatch", "out of order", "not found");
            }
        }
    }

    private static void fill(BrokerProcess broker, String codec) throws Exception {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", broker.bootstrap(), "compression.type", codec, "batch.size", 4096, "linger.ms", 1);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            NewTopic topic = new NewTopic("dumped", 1, (short) 1)
                    .configs(Map.of("segment.bytes", "1048576", "index.interval.bytes", "1024"));
            admin.createTopics(List.of(topic)).all().get();
            Random random = new Random(42);
            for (int i = 0; i < RECORDS; i++) {
                byte[] value = new byte[1000];
                random.nextBytes(value);
                producer.send(new ProducerRecord<>("dumped", value));
            }
        }
    }

    private static List<Path> files(Path partition, String kind) throws IOException {
        try (Stream<Path> files = Files.list(partition)) {
            return files.filter(file -> file.toString().endsWith(kind)).sorted().collect(Collectors.toList());
        }
    }

    private static Run dump(String... arguments) {
        return Run.of(Distribution.tool(DUMP, arguments)).ok();
    }
}
