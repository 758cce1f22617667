// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.EmbeddedBrokers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** How replicas come to other brokers, by commands and by themselves. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BalanceCommandsTest {

    private @TempDir Path directory;
    private EmbeddedBrokers brokers;

    @BeforeEach
    void start() throws IOException {
        brokers = new EmbeddedBrokers(directory)
                .with("auto.balance.interval.seconds", "1")
                .start(1, 2);
    }

    @AfterEach
    void close() {
        brokers.close();
    }

    @Test
    void shouldGiveANewBrokerItsShareAndTakeItAgain() {
        assertThat(run("topic create t -p 12 --replication-factor 2").exitCode())
                .isZero();
        brokers.start(3);

        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            final JsonNode balance = balance();
            assertThat(column(balance, "replicas")).containsExactly(8, 8, 8);
            assertThat(column(balance, "leaders")).containsExactly(4, 4, 4);
            assertThat(balance.get("underWay").size()).isZero();
            assertThat(balance.get("planned").size()).isZero();
        });

        final CommandRun drained = run("broker drain 3");

        assertThat(drained.exitCode()).as(drained.err()).isZero();
        assertThat(drained.out()).contains("broker 3 has nothing left, moved=8");
        assertThat(column(balance(), "replicas")).containsExactly(12, 12, 0);
        assertThat(run("cluster balance").out()).contains("running, draining");
        brokers.stop(3);
        assertThat(run("topic create u -p 2 --replication-factor 2").exitCode()).isZero();
        assertThat(run("broker undrain 3").out().strip()).isEqualTo("broker 3 is given its share");
    }

    @Test
    void shouldSayWhatCannotLeaveABroker() {
        assertThat(run("topic create t -p 1 --replication-factor 2").exitCode()).isZero();

        final CommandRun drained = run("broker drain 2");
        final CommandRun unknown = run("broker drain 7");

        assertThat(drained.exitCode()).isEqualTo(1);
        assertThat(drained.err()).contains("1 replicas cannot leave broker 2, for example of t-0");
        assertThat(run("cluster balance").out()).contains("cannot be moved from broker 2: t-0");
        assertThat(unknown.err()).contains("there is no broker 7; the brokers are [1, 2]");
    }

    @Test
    void shouldReassignByHand() {
        assertThat(run("topic create t -p 1 --replication-factor 1").exitCode()).isZero();
        final int before = balance().at("/brokers/0/replicas").asInt();
        final int target = before == 1 ? 2 : 1;

        final CommandRun done = run("cluster reassign t-0=" + target);

        assertThat(done.exitCode()).as(done.err()).isZero();
        assertThat(done.out().strip()).isEqualTo("done: t-0=" + target);
        assertThat(balance().at("/brokers/" + (target - 1) + "/replicas").asInt())
                .isEqualTo(1);
        assertThat(run("cluster reassign t=1").err()).contains("not of the form TOPIC-NUMBER: t");
        assertThat(run("cluster reassign t-0=9 -o json")
                        .json()
                        .at("/error/code")
                        .asString())
                .isEqualTo("INVALID_REPLICA_ASSIGNMENT");
        assertThat(run("cluster reassign --cancel t-0").exitCode()).isEqualTo(1);
    }

    private JsonNode balance() {
        return run("cluster balance -o json").json();
    }

    private static List<Integer> column(JsonNode balance, String name) {
        return balance.get("brokers")
                .valueStream()
                .map(broker -> broker.get(name).asInt())
                .toList();
    }

    private CommandRun run(String line) {
        return CommandRun.of((line + " --bootstrap " + brokers.bootstrap()).split(" ", -1));
    }
}
