// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigValues;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ClientCommandsTest {

    private static @TempDir Path directory;
    private static Broker broker;
    private static String address;

    @BeforeAll
    static void startBroker() {
        broker = Broker.start(ConfigValues.of(Map.of(
                "listeners", "PLAINTEXT://127.0.0.1:0",
                "log.dirs", directory.resolve("data").toString(),
                "group.initial.rebalance.delay.ms", "0",
                "offsets.topic.num.partitions", "1")));
        address = Addresses.joined(broker.listeners());
    }

    @AfterAll
    static void closeBroker() {
        broker.close();
    }

    @Test
    void shouldCreateListDescribeAlterAndDeleteATopic() {
        final CommandRun created = run("topic create life -p 2 --config retention.ms=5000");
        final JsonNode described = run("topic describe life -o json").json().at("/topics/0");
        final CommandRun altered = run("topic alter life -p 3 --set segment.ms=7000 --unset retention.ms");
        final CommandRun text = run("topic describe life");
        final JsonNode listed = run("topic list -o json").json();
        final CommandRun deleted = run("topic delete life");
        final JsonNode again = run("topic delete life -o json").json();

        assertThat(created.out().strip()).isEqualTo("created life, partitions=2, replication-factor=1");
        assertThat(described.at("/configs/retention.ms").asString()).isEqualTo("5000");
        assertThat(described.get("partitions").size()).isEqualTo(2);
        assertThat(described.at("/partitions/0/endOffset").asLong()).isZero();
        assertThat(altered.exitCode()).isZero();
        assertThat(text.out().lines()).hasSize(6).contains("  segment.ms=7000");
        assertThat(listed.get("topics").valueStream().map(JsonNode::asString)).contains("life");
        assertThat(deleted.out().strip()).isEqualTo("deleted life");
        assertThat(again.at("/error/code").asString()).isEqualTo("UNKNOWN_TOPIC_OR_PARTITION");
        assertThat(run("topic delete life --if-exists").exitCode()).isZero();
    }

    @Test
    void shouldSayWhyATopicCannotBeCreated() {
        run("topic create twice");

        final CommandRun twice = run("topic create twice");
        final CommandRun tolerant = run("topic create twice --if-not-exists");
        final CommandRun badValue = run("topic create bad --config retention.ms=soon -o json");

        assertThat(twice.exitCode()).isEqualTo(1);
        assertThat(twice.err().lines())
                .hasSize(1)
                .first()
                .asString()
                .contains("twice")
                .contains("exists");
        assertThat(tolerant.exitCode()).isZero();
        assertThat(badValue.exitCode()).isEqualTo(1);
        assertThat(badValue.json().at("/error/code").asString()).isEqualTo("INVALID_CONFIGURATION");
    }

    @Test
    void shouldCarryLinesByteForByte() {
        run("topic create bytes");
        final byte[] input = "first\n\nb\u00fc\r\n\u0000\u0001 last".getBytes(StandardCharsets.ISO_8859_1);

        final CommandRun produced = CommandRun.withInput(input, words("produce bytes"));
        final CommandRun consumed = run("consume bytes --from-beginning --max 4");

        assertThat(produced.out().strip()).isEqualTo("produced 4 records to bytes");
        assertThat(consumed.exitCode()).isZero();
        assertThat(new String(consumed.outBytes(), StandardCharsets.ISO_8859_1))
                .isEqualTo(new String(input, StandardCharsets.ISO_8859_1) + "\n");
    }

    @Test
    void shouldProduceAndConsumeKeys() {
        run("topic create keys");

        final CommandRun produced = CommandRun.withInput(
                "a=>1\n=>\nb=>2=>3\n".getBytes(StandardCharsets.UTF_8),
                words("produce keys -o json --key-separator =>"));
        final CommandRun consumed = run("consume keys --from-beginning --until-end --key-separator :");

        assertThat(produced.json().get("records").asInt()).isEqualTo(3);
        assertThat(produced.json().at("/partitions/0/lastOffset").asInt()).isEqualTo(2);
        assertThat(consumed.out()).isEqualTo("a:1\n:\nb:2=>3\n");
    }

    @Test
    void shouldStopAtALineWithoutKey() {
        run("topic create nokeys");

        final CommandRun run = CommandRun.withInput(
                "a:1\nb\n".getBytes(StandardCharsets.UTF_8), words("produce nokeys -o json --key-separator :"));

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.json().at("/error/message").asString()).startsWith("line 2 has no key");
    }

    @Test
    void shouldPrintOneJsonValuePerRecord() {
        run("topic create values");
        CommandRun.withInput(
                "k:v\nk:\u00ff".getBytes(StandardCharsets.ISO_8859_1), words("produce values --key-separator :"));

        final CommandRun run = run("consume values --from-beginning --max 2 -o json");

        final JsonNode[] records = run.out()
                .lines()
                .map(tools.jackson.databind.json.JsonMapper.shared()::readTree)
                .toArray(JsonNode[]::new);
        assertThat(records).hasSize(2);
        assertThat(records[0].get("key").asString()).isEqualTo("k");
        assertThat(records[0].get("value").asString()).isEqualTo("v");
        assertThat(records[1].get("offset").asLong()).isEqualTo(1);
        assertThat(records[1].has("value")).isFalse();
        assertThat(records[1].get("valueBase64").asString()).isEqualTo("/w==");
    }

    @Test
    void shouldGoOnWhereTheGroupStopped() {
        run("topic create shared");
        CommandRun.withInput("1\n2\n3\n".getBytes(StandardCharsets.UTF_8), words("produce shared"));

        final CommandRun first = run("consume shared --from-beginning --group readers --max 2");
        final CommandRun second = run("consume shared --from-beginning --group readers --max 1");

        assertThat(first.out()).isEqualTo("1\n2\n");
        assertThat(second.out()).isEqualTo("3\n");
    }

    @Test
    void shouldSayThatATopicIsNotThere() {
        final CommandRun consumed = run("consume absent --from-beginning");

        assertThat(consumed.exitCode()).isEqualTo(1);
        assertThat(consumed.err())
                .isEqualTo("varve: no such topic: absent; create it with: varve topic create absent"
                        + System.lineSeparator());
    }

    private static CommandRun run(String call) {
        return CommandRun.of(words(call));
    }

    private static String[] words(String call) {
        return Stream.concat(Stream.of(call.split(" ", -1)), Stream.of("--bootstrap", address))
                .toArray(String[]::new);
    }
}
