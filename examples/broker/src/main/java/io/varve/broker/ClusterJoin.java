// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import io.varve.broker.config.ConfigException;
import io.varve.broker.controller.ClusterSetup;
import io.varve.broker.storage.LogDirectories;
import io.varve.coordination.agent.Coordinator;
import io.varve.kafka.UuidText;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Brings together the cluster that a tree holds and the one that log directories belong to; founds one where there is neither.
 *
 * <p>Threading: confined to the thread that starts the broker.
 */
final class ClusterJoin {

    private final ClusterSetup setup;
    private final LogDirectories directories;

    ClusterJoin(Coordinator coordinator, LogDirectories directories) {
        this.setup = new ClusterSetup(coordinator);
        this.directories = directories;
    }

    /**
     * Joins the cluster in the tree, or makes one.
     *
     * @return the cluster's id
     * @throws ConfigException when the directories are another cluster's, or hold partitions that the tree knows nothing of
     */
    String join() {
        Optional<String> found = result(setup.find());
        if (found.isEmpty() && !directories.partitionNames().isEmpty()) {
            throw ConfigException.conflict(
                    null,
                    "log.dirs",
                    directories.first() + " holds partitions of the cluster "
                            + directories.clusterId().orElse("")
                            + ", but the place that the broker is to coordinate by holds no cluster; bring back the one it was started"
                            + " with (zookeeper.connect, server.N lines, or neither and the directory "
                            + LogDirectories.QUORUM + "), or choose an empty directory");
        }
        String clusterId = found.isPresent()
                ? found.get()
                : result(setup.create(directories.clusterId().orElseGet(() -> UuidText.of(UUID.randomUUID()))));
        directories.join(clusterId);
        return clusterId;
    }

    private static <T> T result(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
