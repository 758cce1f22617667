// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients in other languages, as their distributors publish them. They must be installed: kcat, python3-kafka and
 * python3-confluent-kafka by the system's packages, kafkajs by npm.
 */
@Tag("foreign")
class ForeignClientsIT {

    private static final String PYTHON = "/usr/bin/python3";

    private BrokerProcess broker;

    @BeforeEach
    void start(@TempDir Path directory) {
        broker = BrokerProcess.start(directory);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void shouldServeKafkaJs() {
        String modules =
                Path.of("target/clients/kafkajs/node_modules").toAbsolutePath().toString();
        Run run = Run.of(
                List.of("node", Distribution.script("kafkajs-probe.js"), broker.bootstrap(), "kafkajs", modules));

        assertThat(run.ok().stdout()).contains("probe ok");
    }

    @Test
    void shouldServeKafkaPython() {
        Run run = Run.of(
                List.of(PYTHON, Distribution.script("kafka_python_probe.py"), broker.bootstrap(), "kafka-python"));

        assertThat(run.ok().stdout()).contains("probe ok");
    }

    @Test
    void shouldServeConfluentKafka() {
        Run run = Run.of(
                List.of(PYTHON, Distribution.script("confluent_kafka_probe.py"), broker.bootstrap(), "confluent"));

        assertThat(run.ok().stdout()).contains("probe ok");
    }

    @Test
    void shouldServeKcat() {
        String records =
                IntStream.range(0, 1000).mapToObj(i -> "k" + i + ":value " + i).collect(Collectors.joining("\n"));

        Run.of(kcat("-P", "-t", "kcat", "-K", ":", "-z", "lz4", "-X", "enable.idempotence=true"), records + "\n")
                .ok();
        Run consumed = Run.of(kcat("-C", "-t", "kcat", "-K", ":", "-e", "-q", "-o", "beginning"));
        Run inGroup = Run.of(
                kcat("-G", "kcat-group", "-X", "auto.offset.reset=earliest", "-K", ":", "-q", "-c", "1000", "kcat"));
        Run afterCommit = Run.of(kcat("-G", "kcat-group", "-K", ":", "-e", "-q", "kcat"));
        Run metadata = Run.of(kcat("-L", "-J", "-t", "kcat"));
        Run byTime = Run.of(kcat("-Q", "-t", "kcat:0:-1"));

        assertThat(consumed.ok().stdout().lines())
                .containsExactlyInAnyOrderElementsOf(records.lines().toList());
        assertThat(inGroup.ok().stdout().lines())
                .containsExactlyInAnyOrderElementsOf(records.lines().toList());
        assertThat(afterCommit.ok().stdout()).isEmpty();
        assertThat(metadata.ok().stdout()).contains("\"topic\":\"kcat\"").contains("\"leader\":");
        assertThat(byTime.ok().stdout()).contains("kcat [0] offset ");
    }

    private List<String> kcat(String... arguments) {
        List<String> command = new ArrayList<>(List.of("kcat", "-b", broker.bootstrap()));
        command.addAll(List.of(arguments));
        return command;
    }
}
