// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class VarveTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "topc list | varve: unknown command: topc; did you mean topic?; see varve --help",
                "topic lst | varve: unknown command: lst; did you mean list?; see varve topic --help",
                "topic create | varve: Missing required parameter: 'TOPIC'; see varve topic create --help",
                "consume t --form-beginning | varve: Unknown option: '--form-beginning'; did you mean --from-beginning?;"
                        + " see varve consume --help",
                "topic alter t | varve: nothing to change, give --partitions N, --set KEY=VALUE or --unset KEY",
                "tree -timeout soon ls / | varve: Invalid value for option '--timeout': 'soon' is not an int; see varve tree --help",
                "broker --sett a=b | varve: Unknown option: '--sett'; did you mean --set?; see varve broker --help",
            })
    void shouldAnswerAWrongCallInOneLine(String call, String answer) {
        final CommandRun run = CommandRun.of(call.split(" ", -1));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo(answer + System.lineSeparator());
    }

    @ParameterizedTest
    @CsvSource({"topic create -o json", "topic create --output=json", "nothing -o json", "produce -ojson"})
    void shouldAnswerAWrongCallAsJsonWhenAsked(String call) {
        final CommandRun run = CommandRun.of(call.split(" ", -1));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).isEmpty();
        assertThat(run.json().at("/error/code").asString()).isEqualTo("USAGE");
        assertThat(run.json().at("/error/message").asString()).contains("--help");
    }

    @Test
    void shouldShowTheCommandsThatThereAre() {
        final CommandRun none = CommandRun.of();
        final CommandRun help = CommandRun.of("--help");

        assertThat(none.exitCode()).isEqualTo(2);
        assertThat(none.err()).contains("broker", "topic", "produce", "consume", "config", "demo");
        assertThat(help.exitCode()).isZero();
        assertThat(help.out()).isEqualTo(none.err()).doesNotContain("rehearse");
        assertThat(CommandRun.of("topic", "create", "--help").out()).contains("--partitions", "--bootstrap");
    }

    @ParameterizedTest
    @ValueSource(strings = {"topic", "tree", "log", "config", "cluster", "quorum"})
    void shouldShowTheCommandsOfAGroup(String group) {
        final CommandRun run = CommandRun.of(group);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .startsWith("Usage: varve " + group)
                .isEqualTo(CommandRun.of(group, "--help").out());
    }

    @Test
    void shouldTellItsVersion() {
        final CommandRun run = CommandRun.of("--version");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).matches("varve \\S+\\R");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void shouldSayThatNoBrokerIsThere() throws IOException {
        final int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        final String address = "127.0.0.1:" + port;

        final CommandRun text = CommandRun.of("topic", "list", "--bootstrap", address);
        final CommandRun json = CommandRun.of("consume", "t", "-o", "json", "--bootstrap", address);

        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.err())
                .isEqualTo("varve: no broker at " + address
                        + " (connection refused); start one with: varve broker, or name"
                        + " another with --bootstrap HOST:PORT" + System.lineSeparator());
        assertThat(json.exitCode()).isEqualTo(1);
        assertThat(json.json().at("/error/code").asString()).isEqualTo("BROKER_NOT_REACHABLE");
    }

    @Test
    void shouldExplainAKeyWithItsValueAndWhereThatComesFrom(@TempDir Path directory) throws IOException {
        final Path file = Files.writeString(directory.resolve("s.properties"), "\nlog.retention.hours=2\n");

        final CommandRun text = CommandRun.of("config", "explain", "retention.ms", "--file", file.toString());
        final JsonNode json = CommandRun.of(
                        "config", "explain", "log.retention.ms", "--file", file.toString(), "-o", "json")
                .json();

        assertThat(text.exitCode()).isZero();
        assertThat(text.out())
                .contains(
                        "retention.ms (topic)",
                        "7200000 (log.retention.hours at " + file + ":2)",
                        "default  604800000",
                        "long, at least -1");
        assertThat(json.get("value").asString()).isEqualTo("7200000");
        assertThat(json.get("scope").asString()).isEqualTo("broker");
        assertThat(json.get("effect").asBoolean()).isTrue();
    }

    @Test
    void shouldExplainWhyAKeyHasNoEffect() {
        assertThat(CommandRun.of("config", "explain", "ssl.key.password").out()).contains("No effect: ");
        assertThat(CommandRun.of("config", "explain", "log.cleaner.io.buffer.size")
                        .out())
                .contains("No effect: ");
    }

    @Test
    void shouldExplainAllKeys() {
        final CommandRun json = CommandRun.of("config", "explain", "-o", "json");

        assertThat(json.exitCode()).isZero();
        assertThat(json.json().size()).isGreaterThan(100);
        assertThat(CommandRun.of("config", "explain").out().lines().count())
                .isEqualTo(json.json().size() + 1);
    }

    @Test
    void shouldNameTheNearestKeyOfAnUnknownOne() {
        final CommandRun run = CommandRun.of("config", "explain", "retention.msec");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .isEqualTo(
                        "varve: unknown key: retention.msec, nearest known key: retention.ms" + System.lineSeparator());
    }

    @Test
    void shouldRefuseADemoOfNothing() {
        final CommandRun run = CommandRun.of("demo", "/no/such/file", "-o", "json");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.json().at("/error/message").asString()).isEqualTo("no such file: /no/such/file");
    }
}
