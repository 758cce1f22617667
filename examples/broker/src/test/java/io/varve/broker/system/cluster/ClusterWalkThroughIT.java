// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.FreePorts;
import io.varve.broker.system.Manual;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Walks through docs/operations/cluster.md: its commands to the letter, but for the ports. */
@EnabledOnOs(OS.LINUX)
class ClusterWalkThroughIT {

    private static final Path PAGE = Path.of("../../docs/operations/cluster.md");
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private Manual manual;

    @BeforeEach
    void open() {
        List<String> literal = List.of(":9092", ":2888", ":3888", ":2181");
        List<Integer> free = FreePorts.find(literal.size());
        Map<String, String> replacements = new HashMap<>();
        for (int i = 0; i < literal.size(); i++) {
            replacements.put(literal.get(i), ":" + free.get(i));
        }
        manual = new Manual(PAGE, directory, replacements);
    }

    @AfterEach
    void close() throws Exception {
        manual.close();
    }

    @Test
    void shouldKeepWhatItTells() {
        succeed(block("Configuration"));
        succeed(block("Start"));
        createTopic();
        exchangeRecords();
        lookAtTheTree();
        loseAServer();
        succeed(block("Rolling restart"));
        assertThat(succeed(lines("Records")[3])).contains("one", "two", "three", "four");
        replaceADisk();
        loseTheQuorum();
    }

    private void createTopic() {
        String[] topic = lines("A topic");
        awaitSuccess(topic[0]); // the brokers may not serve yet, or not know each other
        assertThat(succeed(topic[1]).lines().filter(line -> line.contains("Partition: ")))
                .hasSize(3)
                .allMatch(line -> line.matches(".*Leader: [123]\\s+Replicas: [123],[123]\\s+Isr: [123],[123]\\b.*"));
    }

    private void exchangeRecords() {
        String[] records = lines("Records");
        succeed(records[0]);
        assertThat(succeed(records[1])).contains("one", "two", "three");
        succeed(records[2]);
        assertThat(succeed(records[3])).contains("one", "two", "three", "four");
    }

    private void lookAtTheTree() {
        String[] tree = lines("The tree");
        assertThat(succeed(tree[0]).lines().filter(line -> line.contains(" follower ")))
                .hasSize(2);
        assertThat(succeed(tree[1]))
                .containsPattern("LeaderId: +[123]\n")
                .containsPattern("CurrentVoters: +\\[.*1.*2.*3");
        assertThat(succeed(tree[2])).contains("[1, 2, 3]");
        assertThat(succeed(tree[3])).contains("\"leader\":", "\"isr\":[");
        assertThat(succeed(tree[4])).contains("\"brokerid\":");
    }

    private void loseAServer() {
        String[] fails = lines("A server fails");
        succeed(fails[0]);
        assertThat(awaitSuccess(fails[1])).contains("one", "two", "three", "four");
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(succeed(fails[2]))
                .contains("Topic: orders"));
        succeed(lines("Losing the quorum", 1)[0]); // which starts the first server again
        awaitSuccess("[ -z \"$(" + fails[2] + ")\" ]");
    }

    private void replaceADisk() {
        String status = succeed(block("Replacing a disk"));

        assertThat(status.lines().filter(line -> line.contains(" leader "))).hasSize(1);
        assertThat(status.lines().filter(line -> line.contains(" follower "))).isNotEmpty();
        // It comes back as an observer, and votes once it has caught up and its old self has been silent for a while.
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        succeed(lines("The tree")[0]).lines())
                .filteredOn(line -> line.contains(" follower "))
                .hasSize(2));
        assertThat(directory.resolve("server3/data")).isDirectoryContaining("glob:**/orders-*");
    }

    private void loseTheQuorum() {
        String[] lost = lines("Losing the quorum");
        succeed(lost[0]);
        Manual.Printed status = Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> manual.run(lost[1]), printed -> printed.exitCode() == 1);
        assertThat(status.text()).contains("varve: no leader");

        assertThat(succeed(manual.blocks("Losing the quorum").get(1))).contains("one", "two", "three", "four");
    }

    private String block(String heading) {
        return manual.blocks(heading).get(0);
    }

    private String[] lines(String heading) {
        return lines(heading, 0);
    }

    private String[] lines(String heading, int block) {
        return manual.blocks(heading).get(block).split("\n");
    }

    private String succeed(String commands) {
        Manual.Printed printed = manual.run(commands);
        assertThat(printed.exitCode())
                .as("exit code of %s, which printed%n%s", commands, printed.text())
                .isZero();
        return printed.text();
    }

    private String awaitSuccess(String command) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> manual.run(command), printed -> printed.exitCode() == 0)
                .text();
    }
}
