// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

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
import org.junit.jupiter.api.io.TempDir;

/** Walks through docs/operations/quorum.md: its commands to the letter, but for the ports. */
class QuorumWalkThroughIT {

    private static final Path PAGE = Path.of("../../docs/operations/quorum.md");
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private Manual manual;

    @BeforeEach
    void open() {
        List<String> literal = List.of("2181", "2182", "2183", "2888", "2889", "2890", "3888", "3889", "3890");
        List<Integer> free = FreePorts.find(literal.size());
        Map<String, String> replacements = new HashMap<>(Map.of("909$id", "0"));
        for (int i = 0; i < literal.size(); i++) {
            replacements.put(":" + literal.get(i), ":" + free.get(i));
            replacements.put(";" + literal.get(i), ";" + free.get(i));
        }
        replacements.keySet().removeIf(text -> text.matches(";[23]8.*"));
        replacements.put("./varve tree get", "./varve tree -server 127.0.0.1:" + free.get(0) + " get");
        manual = new Manual(PAGE, directory, replacements);
    }

    @AfterEach
    void close() throws Exception {
        manual.close();
    }

    @Test
    void shouldKeepWhatItTellsOfThreeMembers() {
        manual.run(manual.blocks("Configuration").get(0));
        manual.run(manual.blocks("Start").get(0));
        String status = manual.blocks("Status").get(0);
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(
                        () -> { // a majority serves before the last has started
                            String all = manual.run(status).text();
                            assertThat(all.lines().filter(line -> line.contains(" leader ")))
                                    .hasSize(1);
                            assertThat(all.lines().filter(line -> line.contains(" follower ")))
                                    .hasSize(2);
                        });

        String[] fails = manual.blocks("A member fails").get(0).split("\n");
        manual.run(fails[0]);
        Manual.Printed two = awaitZero(fails[1]);
        assertThat(two.text().lines().filter(line -> line.contains(" leader "))).hasSize(1);
        assertThat(two.text()).contains(" follower ").contains(" unreachable ");
        assertThat(manual.run(fails[2]).text()).contains("zookeeper");

        List<String> brokers = manual.blocks("Brokers");
        manual.run(brokers.get(0));
        String[] looks = brokers.get(1).split("\n");
        Awaitility.await().atMost(PATIENCE).until(() -> manual.run(looks[2]).exitCode() == 0);
        assertThat(manual.run(looks[0]).text()).contains("brokers, ").contains("controller");
        assertThat(manual.run(looks[1]).text()).contains("\"endpoints\":[\"PLAINTEXT://127.0.0.1:");
        awaitZero(looks[2].replace("ids/1", "ids/2"));
    }

    @Test
    void shouldKeepWhatItTellsOfBrokersThatAreTheQuorum() {
        Manual.Printed started = manual.run(manual.blocks("Brokers").get(2));
        String[] lines = manual.blocks("Brokers").get(2).split("\n");

        Manual.Printed status = started.exitCode() == 0 ? started : awaitZero(lines[lines.length - 1]);

        assertThat(status.text().lines().filter(line -> line.contains(" leader ")))
                .hasSize(1);
        awaitZero(manual.blocks("Brokers").get(1).split("\n")[2].replace("ids/1", "ids/3"));
    }

    private Manual.Printed awaitZero(String command) {
        return Awaitility.await().atMost(PATIENCE).until(() -> manual.run(command), printed -> printed.exitCode() == 0);
    }
}
