// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static io.varve.coordination.agent.Stages.bytes;
import static io.varve.coordination.agent.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.tree.CreateMode;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedCoordinatorTest extends CoordinatorContract {

    private final EmbeddedCoordinator contracted =
            EmbeddedCoordinator.open(new MemoryStorage(), InstantSource.system());

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
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(directory)) {
            Coordinator session = coordinator.openSession();
            get(session.create("/a", bytes("1"), CreateMode.PERSISTENT));
            get(session.create("/e", bytes(""), CreateMode.EPHEMERAL));
            mzxid = get(session.set("/a", bytes("2"), 0)).mzxid();
            assertThat(get(session.create("/q", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL)))
                    .isEqualTo("/q0000000002");
        }
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(directory)) {
            Coordinator session = coordinator.openSession();
            assertThat(get(session.children("/"))).containsExactly("a", "q0000000002");
            assertThat(get(session.get("/a")).data()).isEqualTo(bytes("2"));
            assertThat(get(session.set("/a", bytes("3"), 1)).mzxid()).isGreaterThan(mzxid);
        }
    }

    @Test
    void shouldKeepWhatItAcknowledgedWhereverItCrashes() throws Exception {
        MemoryStorage whole = new MemoryStorage();
        workload(whole, new ArrayList<>());
        for (long operation = 0; operation < whole.operations(); operation++) {
            MemoryStorage storage = new MemoryStorage();
            storage.crashAt(operation);
            List<String> acknowledged = new ArrayList<>();
            workload(storage, acknowledged);
            for (MemoryStorage.Survival survival : MemoryStorage.Survival.values()) {
                MemoryStorage after = storage.afterCrash(survival, operation);
                try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(after, InstantSource.system())) {
                    Coordinator session = coordinator.openSession();
                    assertThat(get(session.children("/")))
                            .as("crash at operation %d, %s", operation, survival)
                            .containsAll(acknowledged);
                }
            }
        }
    }

    private static void workload(MemoryStorage storage, List<String> acknowledged) throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(storage, InstantSource.system())) {
            Coordinator session = coordinator.openSession();
            for (int i = 0; i < 10; i++) {
                get(session.create("/n" + i, bytes("x"), CreateMode.PERSISTENT));
                acknowledged.add("n" + i);
            }
        } catch (StorageException | CoordinationException e) {
            assertThat(e).hasMessageMatching("(?s).*(crashed|failed|ended).*");
        }
    }
}
