// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuorumTest {

    @Test
    void shouldWriteWhatMembersAreConfiguredBy(@TempDir Path directory) throws Exception {
        try (Quorum quorum = Quorum.configure(new Sleeper(), 3, directory, Map.of("tickTime", "1234"))) {
            assertThat(quorum.members()).hasSize(3);
            for (Member member : quorum.members()) {
                List<String> lines = Files.readAllLines(member.directory().resolve("zoo.cfg"));
                Path data = member.directory().resolve("data");
                String port = member.connectString().replace("127.0.0.1:", "");

                assertThat(lines).contains("tickTime=1234", "clientPort=" + port, "dataDir=" + data, "quirk=yes");
                assertThat(lines.stream().filter(line -> line.startsWith("server.")))
                        .hasSize(3);
                assertThat(data.resolve("myid")).hasContent(member.id() + "\n");
            }
            assertThat(quorum.connectString().split(",")).hasSize(3).doesNotHaveDuplicates();
        }
    }

    @Test
    void shouldLetOneMemberStandAlone(@TempDir Path directory) throws Exception {
        try (Quorum quorum = Quorum.configure(new Sleeper(), 1, directory, Map.of())) {
            Path configuration = quorum.members().get(0).directory().resolve("zoo.cfg");

            assertThat(Files.readString(configuration)).doesNotContain("server.");
        }
    }

    @Test
    void shouldStartAndKillAndStartAgain(@TempDir Path directory) {
        try (Quorum quorum = Quorum.configure(new Sleeper(), 1, directory, Map.of())) {
            Member member = quorum.members().get(0);
            member.start();
            long first = member.pid();
            assertThat(member.isRunning()).isTrue();
            assertThat(member.mode()).as("of a program that does not listen").isEmpty();
            assertThat(quorum.leader()).isEmpty();
            assertThatIllegalStateException().isThrownBy(member::start);

            member.kill();
            member.kill();
            assertThat(member.isRunning()).isFalse();
            assertThat(ProcessHandle.of(first).filter(ProcessHandle::isAlive)).isEmpty();
            member.start();

            assertThat(member.pid()).isNotEqualTo(first);
        }
    }

    @Test
    void shouldSayWhatAMemberPrintedThatEndedBeforeItServed(@TempDir Path directory) {
        Target broken = new Sleeper() {
            @Override
            public List<String> command(Path configuration) {
                return List.of("sh", "-c", "echo no such thing; exit 3");
            }
        };

        assertThatIllegalStateException()
                .isThrownBy(() -> Quorum.start(broken, 1, directory, Map.of()))
                .withMessageContaining("no such thing");
    }

    @Test
    void shouldSayWhichProgramIsMissing(@TempDir Path directory) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ApacheTarget(directory.resolve("none"), List.of()))
                .withMessageContaining("directory=" + directory.resolve("none"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VarveTarget.ofJar(directory.resolve("none.jar"), List.of()))
                .withMessageContaining("file=" + directory.resolve("none.jar"));
    }

    /** Runs and does nothing. */
    private static class Sleeper implements Target {
        @Override
        public String name() {
            return "sleeper";
        }

        @Override
        public List<String> command(Path configuration) {
            return List.of("sleep", "600");
        }

        @Override
        public Map<String, String> settings() {
            return Map.of("quirk", "yes");
        }
    }
}
