// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedCoordinatorTest {

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
            assertThat(get(session.children("/"))).containsExactly("a", "q0000000002", "zookeeper");
            assertThat(get(session.get("/a")).data()).isEqualTo(bytes("2"));
            assertThat(get(session.set("/a", bytes("3"), 1)).mzxid()).isGreaterThan(mzxid);
        }
    }

    @Test
    void shouldTellWatchesInOrderAndBeforeTheStage(@TempDir Path directory) throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(directory)) {
            Coordinator session = coordinator.openSession();
            List<String> told = Collections.synchronizedList(new ArrayList<>());
            AutoCloseable watch = get(session.watch("/a", (change, path, zxid) -> told.add(change + path)));
            get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
            get(session.create("/ab", bytes(""), CreateMode.PERSISTENT));
            get(session.create("/a/b", bytes(""), CreateMode.PERSISTENT));
            get(session.set("/a/b", bytes(""), -1));
            get(session.delete("/a/b", -1));
            assertThat(told).containsExactly("CREATED/a", "CREATED/a/b", "DATA_SET/a/b", "DELETED/a/b");
            watch.close();
            get(session.delete("/a", -1));
            assertThat(told).hasSize(4);
        }
    }

    @Test
    void shouldDropTheEphemeralsOfASessionThatCloses(@TempDir Path directory) throws Exception {
        try (EmbeddedCoordinator coordinator = EmbeddedCoordinator.open(directory)) {
            Coordinator first = coordinator.openSession();
            Coordinator second = coordinator.openSession();
            get(first.create("/e", bytes(""), CreateMode.EPHEMERAL));
            List<SessionListener.State> states = new ArrayList<>();
            first.onSessionState(states::add);

            first.close();

            assertThat(get(second.children("/"))).containsExactly("zookeeper");
            assertThat(states).containsExactly(SessionListener.State.CONNECTED, SessionListener.State.LOST);
            assertThatExceptionOfType(SessionExpiredException.class).isThrownBy(() -> get(first.get("/")));
            assertThatExceptionOfType(NoNodeException.class).isThrownBy(() -> get(second.get("/e")));
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

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        try {
            return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
