// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static io.varve.coordination.agent.Stages.bytes;
import static io.varve.coordination.agent.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.tree.CreateMode;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuorumNodeTest extends CoordinatorContract {

    private final QuorumNode contracted = QuorumNode.open(new MemoryStorage(), new MemoryStorage());

    @Override
    Coordinator openSession() {
        return contracted.openSession();
    }

    @AfterEach
    void close() {
        contracted.close();
    }

    @Test
    void shouldKeepTheTreeButNotTheEphemerals(@TempDir Path directory) throws Exception {
        long mzxid;
        try (QuorumNode coordinator = QuorumNode.open(directory)) {
            Coordinator session = coordinator.openSession();
            get(session.create("/a", bytes("1"), CreateMode.PERSISTENT));
            get(session.create("/e", bytes(""), CreateMode.EPHEMERAL));
            mzxid = get(session.set("/a", bytes("2"), 0)).mzxid();
            assertThat(get(session.create("/q", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL)))
                    .isEqualTo("/q0000000002");
        }
        try (QuorumNode coordinator = QuorumNode.open(directory)) {
            Coordinator session = coordinator.openSession();
            assertThat(get(session.children("/"))).containsExactly("a", "q0000000002", "zookeeper");
            assertThat(get(session.get("/a")).data()).isEqualTo(bytes("2"));
            assertThat(get(session.set("/a", bytes("3"), 1)).mzxid()).isGreaterThan(mzxid);
        }
    }

    @Test
    void shouldComeBackFromASnapshot(@TempDir Path directory) throws Exception {
        byte[] data = new byte[64 << 10];
        try (QuorumNode node = QuorumNode.open(directory)) {
            Coordinator session = node.openSession();
            get(session.create("/a", data, CreateMode.PERSISTENT));
            for (int i = 0; i < 100; i++) {
                get(session.set("/a", data, i));
            }
            Awaitility.await().until(() -> snapshots(directory) > 0);
        }

        try (QuorumNode node = QuorumNode.open(directory)) {
            Coordinator session = node.openSession();
            assertThat(get(session.get("/a")).stat().version()).isEqualTo(100);
            assertThat(get(session.get("/a")).data()).hasSize(data.length);
        }
    }

    private static long snapshots(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("snapshot\\.[0-9]+-[0-9]+"))
                    .count();
        }
    }

    /** Where a process crashes, both of its storages do. */
    private record Disk(MemoryStorage state, MemoryStorage log) {

        Disk() {
            this(new MemoryStorage(), new MemoryStorage());
        }

        Disk afterCrash(MemoryStorage.Survival survival, long seed) {
            return new Disk(state.afterCrash(survival, seed), log.afterCrash(survival, seed + 1));
        }
    }

    /** Nothing may wait for a deadline here: the next one is an hour away. */
    @Test
    void shouldServeAtOnceWhenItIsAlone() throws Exception {
        Disk disk = new Disk();
        for (int start = 0; start < 3; start++) {
            try (QuorumNode node = QuorumNode.open(unhurried(disk), new NoTransport(), (role, epoch, leaderId) -> {})) {
                Coordinator session = node.openSession();
                get(session.create("/" + start, bytes("x"), CreateMode.PERSISTENT));
            }
        }
    }

    private static QuorumNodeConfig unhurried(Disk disk) {
        QuorumNodeConfig usual = QuorumNodeConfig.alone(0, disk.state(), disk.log());
        return new QuorumNodeConfig(
                usual.servers(),
                usual.storages(),
                new QuorumNodeConfig.Timing(
                        usual.timing().tickMs(),
                        Duration.ofHours(2),
                        usual.timing().reapInterval()),
                usual.clients(),
                usual.limits(),
                false);
    }

    @Test
    void shouldHaveItsDirectoryForItself(@TempDir Path directory) throws Exception {
        try (QuorumNode node = QuorumNode.open(directory)) {
            Coordinator session = node.openSession();

            assertThatThrownBy(() -> QuorumNode.open(directory))
                    .isInstanceOf(DirectoryInUseException.class)
                    .hasMessageContaining(directory.toString());

            get(session.create("/a", bytes("x"), CreateMode.PERSISTENT));
        }
        try (QuorumNode node = QuorumNode.open(directory)) {
            assertThat(get(node.openSession().children("/"))).contains("a");
        }
    }

    @Test
    void shouldKeepWhatItAcknowledgedWhereverItCrashes() throws Exception {
        Disk whole = new Disk();
        workload(whole, new ArrayList<>());
        for (long operation = 0; operation < whole.log().operations(); operation++) {
            Disk disk = new Disk();
            disk.log().crashAt(operation);
            List<String> acknowledged = new ArrayList<>();
            workload(disk, acknowledged);
            for (MemoryStorage.Survival survival : MemoryStorage.Survival.values()) {
                Disk after = disk.afterCrash(survival, operation);
                try (QuorumNode node = QuorumNode.open(after.state(), after.log())) {
                    Coordinator session = node.openSession();
                    assertThat(get(session.children("/")))
                            .as("crash at operation %d, %s", operation, survival)
                            .containsAll(acknowledged);
                }
            }
        }
    }

    private static void workload(Disk disk, List<String> acknowledged) throws Exception {
        try (QuorumNode node = QuorumNode.open(disk.state(), disk.log())) {
            Coordinator session = node.openSession();
            for (int i = 0; i < 10; i++) {
                get(session.create("/n" + i, bytes("x"), CreateMode.PERSISTENT));
                acknowledged.add("n" + i);
            }
        } catch (StorageException | CoordinationException e) {
            assertThat(e).hasMessageMatching("(?s).*(crashed|failed|ended|stops).*");
        }
    }
}
