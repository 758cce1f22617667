// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuorumConfigFileTest {

    private @TempDir Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "zoo1:2888:3888                              # zoo1:2181       # false",
                "zoo1:2888:3888:participant;2182             # zoo1:2182       # false",
                "zoo1:2888:3888:observer;0.0.0.0:2182        # zoo1:2182       # true",
                "zoo1:2888:3888;10.1.2.3:2182                # 10.1.2.3:2182   # false",
                "[::1]:2888:3888:observer;[::]:2182          # [::1]:2182      # true",
                "zoo1:2888:3888|zoo2:2888:3888;2182          # zoo1:2182       # false",
            })
    void shouldReadTheLinesOfMembers(String line, String address, boolean isObserver) throws IOException {
        final Path file = write("clientPort=2181\nserver.7=" + line + "\n");

        assertThat(QuorumConfigFile.members(file)).singleElement().satisfies(member -> {
            assertThat(member.id()).isEqualTo(7);
            assertThat(member.address()).hasToString(address);
            assertThat(member.isObserver()).isEqualTo(isObserver);
        });
    }

    @Test
    void shouldReadTheDynamicFile() throws IOException {
        final Path dynamic = Files.writeString(
                directory.resolve("zoo.cfg.dynamic"),
                "server.10=c:1:2:participant;3\nserver.2=b:1:2:participant;0.0.0.0:3\nversion=100000000\n");
        final Path file = write("dataDir=/x\ndynamicConfigFile=" + dynamic + "\n");

        assertThat(QuorumConfigFile.members(file))
                .extracting(QuorumMember::toString)
                .containsExactly("server.2 at b:3", "server.10 at c:3");
    }

    @Test
    void shouldTakeAFileWithoutMembersForAServerAlone() throws IOException {
        assertThat(QuorumConfigFile.members(write("clientPort=2185\n")))
                .extracting(QuorumMember::toString)
                .containsExactly("127.0.0.1:2185");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "server.x=a:1:2;3                      # :1: server.x=a:1:2;3: 'x' is not the number of a server",
                "server.1=a                            # :1: server.1=a: write host:peerPort:electionPort",
                "server.1=a:1:2                        # : clientPort: missing",
                "server.1=a:1:2;b:c                    # :1: server.1=a:1:2;b:c: not a port: 'c'",
                "tickTime=5                            # : clientPort: missing",
            })
    void shouldSayWhatIsWrongInTheFile(String line, String problem) throws IOException {
        final Path file = write(line + "\n");

        assertThatThrownBy(() -> QuorumConfigFile.members(file))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith(file + problem);
    }

    @Test
    void shouldAskForClientPortsOfMembersOnOneMachine() throws IOException {
        final Path file = write("clientPort=2181\nserver.1=a:1:2\nserver.2=a:3:4\n");

        assertThatThrownBy(() -> QuorumConfigFile.members(file))
                .hasMessage(file + ": server.2: has the same client address as server.1, a:2181; write"
                        + " server.N=HOST:PORT:PORT;CLIENT_PORT, or name the members with -server");
    }

    @Test
    void shouldSayThatThereIsNoFile() {
        final CommandRun run = CommandRun.of("quorum", "status", "--config", "/no/such/zoo.cfg");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("varve: no such file: /no/such/zoo.cfg\n");
        assertThat(CommandRun.of("quorum", "status", "--config", "a", "-server", "b:1")
                        .exitCode())
                .isEqualTo(2);
        assertThat(CommandRun.of("quorum").exitCode()).isEqualTo(2);
    }

    @Test
    void shouldSayWhichCommandWasMeant() {
        final CommandRun run = CommandRun.of("quorum", "stats");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("varve: neither a file nor a command: stats; did you mean status?\n");
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("zoo.cfg"), text);
    }
}
