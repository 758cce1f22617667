// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's own command-line tools, as an operator uses them one after the other. */
class KafkaToolsIT {

    private static final String TOPICS = "org.apache.kafka.tools.TopicCommand";
    private static final String PRODUCER = "org.apache.kafka.tools.ConsoleProducer";
    private static final String CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    private static final String GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    private static final String CONFIGS = "kafka.admin.ConfigCommand";
    private static final String OFFSETS = "org.apache.kafka.tools.GetOffsetShell";
    private static final String DELETE_RECORDS = "org.apache.kafka.tools.DeleteRecordsCommand";

    @Test
    void shouldServeAnOperator(@TempDir Path directory) throws IOException {
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            administerTopics(broker);
            produceAndConsume(broker);
            administerGroups(broker);
            administerConfigs(broker);
            deleteRecords(broker, directory);
            deleteTopic(broker);
        }
    }

    private static void administerTopics(BrokerProcess broker) {
        tool(broker, TOPICS, "--create", "--topic", "orders", "--partitions", "1", "--config", "segment.bytes=1048576");
        tool(broker, TOPICS, "--alter", "--topic", "orders", "--partitions", "2");

        assertThat(tool(broker, TOPICS, "--list").lines()).contains("orders");
        assertThat(tool(broker, TOPICS, "--describe", "--topic", "orders"))
                .contains("PartitionCount: 2", "ReplicationFactor: 1", "segment.bytes=1048576", "Partition: 1");
    }

    private static void produceAndConsume(BrokerProcess broker) {
        Run.of(
                        command(
                                broker,
                                PRODUCER,
                                "--topic",
                                "orders",
                                "--reader-property",
                                "parse.key=true",
                                "--reader-property",
                                "key.separator=:"),
                        "a:1\nb:2\nc:3\n")
                .ok();

        String consumed = tool(
                broker,
                CONSUMER,
                "--topic",
                "orders",
                "--from-beginning",
                "--max-messages",
                "3",
                "--group",
                "clerks",
                "--formatter-property",
                "print.key=true",
                "--formatter-property",
                "key.separator=:");

        assertThat(consumed.lines()).containsExactlyInAnyOrder("a:1", "b:2", "c:3");
        assertThat(tool(broker, OFFSETS, "--topic", "orders")
                        .lines()
                        .mapToLong(KafkaToolsIT::lastNumber)
                        .sum())
                .isEqualTo(3);
    }

    private static void administerGroups(BrokerProcess broker) {
        assertThat(tool(broker, GROUPS, "--list").lines()).contains("clerks");
        assertThat(tool(broker, GROUPS, "--describe", "--group", "clerks")).contains("orders", "LAG");
        assertThat(tool(broker, GROUPS, "--describe", "--group", "clerks", "--state"))
                .contains("Empty");

        String reset = tool(
                broker,
                GROUPS,
                "--reset-offsets",
                "--group",
                "clerks",
                "--topic",
                "orders",
                "--to-earliest",
                "--execute");
        assertThat(reset.lines().filter(line -> line.startsWith("clerks")).mapToLong(KafkaToolsIT::lastNumber))
                .containsExactly(0L, 0L);
        tool(broker, GROUPS, "--delete-offsets", "--group", "clerks", "--topic", "orders");
        tool(broker, GROUPS, "--delete", "--group", "clerks");
        assertThat(tool(broker, GROUPS, "--list").lines()).doesNotContain("clerks");
    }

    private static void administerConfigs(BrokerProcess broker) {
        String[] topic = {"--entity-type", "topics", "--entity-name", "orders"};
        tool(broker, CONFIGS, with(topic, "--alter", "--add-config", "retention.ms=9999999"));
        assertThat(tool(broker, CONFIGS, with(topic, "--describe"))).contains("retention.ms=9999999");
        tool(broker, CONFIGS, with(topic, "--alter", "--delete-config", "retention.ms"));
        assertThat(tool(broker, CONFIGS, with(topic, "--describe"))).doesNotContain("retention.ms=9999999");
        assertThat(tool(broker, CONFIGS, with(topic, "--describe", "--all"))).contains("retention.ms=604800000");

        Run refused = Run.of(command(broker, CONFIGS, with(topic, "--alter", "--add-config", "retention.ms=soon")));
        assertThat(refused.stdout() + refused.stderr()).contains("retention.ms");
        assertThat(refused.exitCode()).isEqualTo(1);

        String[] node = {"--entity-type", "brokers", "--entity-name", "0"};
        tool(broker, CONFIGS, with(node, "--alter", "--add-config", "log.retention.ms=8888888"));
        assertThat(tool(broker, CONFIGS, with(node, "--describe"))).contains("log.retention.ms=8888888");
    }

    private static void deleteRecords(BrokerProcess broker, Path directory) throws IOException {
        Path file = directory.resolve("delete.json");
        Files.writeString(
                file, "{\"version\":1,\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":-1}]}");

        String deleted = tool(broker, DELETE_RECORDS, "--offset-json-file", file.toString());

        assertThat(deleted).contains("partition: orders-0").doesNotContain("error");
        assertThat(tool(broker, OFFSETS, "--topic-partitions", "orders:0", "--time", "earliest"))
                .isEqualTo(tool(broker, OFFSETS, "--topic-partitions", "orders:0", "--time", "latest"));
    }

    private static void deleteTopic(BrokerProcess broker) {
        tool(broker, TOPICS, "--delete", "--topic", "orders");
        assertThat(tool(broker, TOPICS, "--list").lines()).doesNotContain("orders");
    }

    private static long lastNumber(String line) {
        return Long.parseLong(line.strip().replaceAll(".*[:\\s]", ""));
    }

    private static String[] with(String[] head, String... tail) {
        List<String> all = new ArrayList<>(List.of(head));
        all.addAll(List.of(tail));
        return all.toArray(String[]::new);
    }

    private static String tool(BrokerProcess broker, String mainClass, String... arguments) {
        return Run.of(command(broker, mainClass, arguments)).ok().stdout();
    }

    private static List<String> command(BrokerProcess broker, String mainClass, String... arguments) {
        return Distribution.tool(mainClass, with(new String[] {"--bootstrap-server", broker.bootstrap()}, arguments));
    }
}
