// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.TopicPartition;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How large partitions are: each broker writes it to the tree for those that it leads, when it has changed by so much that a balance could
 * be another; whoever is the controller reads it there. It is no part of the image, and nothing depends on its being right.
 *
 * <p>Threading: safe.
 */
final class PartitionSizes {

    private static final Logger LOG = LoggerFactory.getLogger(PartitionSizes.class);

    /** The largest ones of a broker, so that a node's bytes are bounded; the others count as empty. */
    private static final int MOST = 20_000;

    private static final long LEAST_CHANGE_BYTES = 1 << 20;

    private final int nodeId;
    private final Coordinator coordinator;
    private final ImageFollower follower;

    /** What others know; null when that is nothing, or not known. */
    private @Nullable Map<TopicPartition, Long> told;

    PartitionSizes(int nodeId, Coordinator coordinator, ImageFollower follower) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.follower = follower;
    }

    /**
     * Tells the sizes of the partitions that this broker leads, unless they are nearly as they were told last. Completes when they are told,
     * or could not be and will be the next time.
     */
    CompletionStage<Void> tell(Map<TopicPartition, Long> sizes) {
        if (!replace(sizes)) {
            return CompletableFuture.completedFuture(null);
        }
        byte[] data = TreeLayout.sizes(largest(sizes));
        String path = TreeLayout.sizes(nodeId);
        return coordinator
                .set(path, data, Coordinator.ANY_VERSION)
                .<CompletionStage<?>>handle((stat, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(stat);
                    }
                    return Failures.is(failure, NoNodeException.class)
                            ? create(path, data)
                            : CompletableFuture.failedFuture(failure);
                })
                .thenCompose(next -> next)
                .handle((nothing, failure) -> {
                    if (failure != null) {
                        LOG.debug("The sizes of partitions are told later: {}", failure.getMessage());
                        forget();
                    }
                    return null;
                });
    }

    private synchronized boolean replace(Map<TopicPartition, Long> sizes) {
        if (told != null && isNearly(told, sizes)) {
            return false;
        }
        told = Map.copyOf(sizes);
        return true;
    }

    private synchronized void forget() {
        told = null;
    }

    /** A cluster that was founded before there were sizes has no node for them. */
    private CompletionStage<?> create(String path, byte[] data) {
        return coordinator
                .create(TreeLayout.SIZES, new byte[0], CreateMode.PERSISTENT)
                .handle((created, failure) -> coordinator.create(path, data, CreateMode.PERSISTENT))
                .thenCompose(next -> next);
    }

    private static boolean isNearly(Map<TopicPartition, Long> before, Map<TopicPartition, Long> after) {
        return before.keySet().equals(after.keySet())
                && before.entrySet().stream().allMatch(entry -> {
                    long was = entry.getValue();
                    long change = Math.abs(after.getOrDefault(entry.getKey(), 0L) - was);
                    return change <= Math.max(LEAST_CHANGE_BYTES, was / 20);
                });
    }

    private static Map<String, Map<Integer, Long>> largest(Map<TopicPartition, Long> sizes) {
        List<Map.Entry<TopicPartition, Long>> all = new ArrayList<>(sizes.entrySet());
        all.sort(Map.Entry.<TopicPartition, Long>comparingByValue(Comparator.reverseOrder()));
        Map<String, Map<Integer, Long>> largest = new TreeMap<>();
        for (Map.Entry<TopicPartition, Long> entry : all.subList(0, Math.min(all.size(), MOST))) {
            TopicPartition id = entry.getKey();
            largest.computeIfAbsent(id.topic(), topic -> new TreeMap<>()).put(id.index(), entry.getValue());
        }
        return largest;
    }

    /** Reads what brokers have told; what nobody has told counts as empty. Of several the leader is believed. */
    CompletionStage<ToLongFunction<TopicPartition>> read() {
        return coordinator
                .children(TreeLayout.SIZES)
                .handle((names, failure) -> {
                    if (failure != null && !Failures.is(failure, NoNodeException.class)) {
                        throw Failures.rethrown(failure);
                    }
                    return failure == null ? names : List.<String>of();
                })
                .thenCompose(this::readAll);
    }

    private CompletionStage<ToLongFunction<TopicPartition>> readAll(List<String> brokers) {
        List<CompletableFuture<Map<String, Map<Integer, Long>>>> reads =
                brokers.stream().map(name -> read(name).toCompletableFuture()).toList();
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)).thenApply(nothing -> {
            Map<TopicPartition, Long> sizes = new HashMap<>();
            for (int i = 0; i < reads.size(); i++) {
                add(brokers.get(i), reads.get(i).join(), sizes);
            }
            return id -> sizes.getOrDefault(id, 0L);
        });
    }

    private CompletionStage<Map<String, Map<Integer, Long>>> read(String broker) {
        return coordinator.get(TreeLayout.SIZES + "/" + broker).handle((node, failure) -> {
            try {
                return failure == null ? TreeLayout.parseSizes(node.data()) : Map.of();
            } catch (RuntimeException e) {
                LOG.warn("The sizes of partitions cannot be understood: broker={}", broker, e);
                return Map.of();
            }
        });
    }

    private void add(String broker, Map<String, Map<Integer, Long>> told, Map<TopicPartition, Long> sizes) {
        ClusterImage image = follower.image();
        told.forEach((name, partitions) -> partitions.forEach((index, size) -> {
            TopicImage topic = image.topic(name);
            PartitionImage partition = topic == null ? null : topic.partition(index);
            if (partition != null) {
                boolean isLeader = broker.equals(Integer.toString(partition.leader()));
                sizes.merge(new TopicPartition(name, index), size, (known, other) -> isLeader ? other : known);
            }
        }));
    }
}
