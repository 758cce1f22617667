// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import io.varve.coordination.NoNodeException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.TreeListener;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the tree once and follows its changes: every change names what must be read again; what was read becomes the next image.
 *
 * <p>Threading: confined to the coordinator's thread, except for the image and the registration of listeners.
 */
public final class ImageFollower {

    private static final Logger LOG = LoggerFactory.getLogger(ImageFollower.class);

    private final Coordinator coordinator;
    private final List<ImageListener> listeners = new CopyOnWriteArrayList<>();
    private final Set<String> stale = new LinkedHashSet<>();
    private final List<CompletableFuture<ClusterImage>> settling = new ArrayList<>();
    private volatile ClusterImage image = ClusterImage.EMPTY;
    private long latestZxid;
    private boolean reading;

    /** While it is found out which units there are. */
    private boolean listing;

    /** What is not a topic or a configuration is read as a whole. */
    private static final String CLUSTER = "";

    public ImageFollower(Coordinator coordinator) {
        this.coordinator = coordinator;
    }

    /** Begins to follow; completes when the first image is there. */
    public CompletionStage<ClusterImage> start() {
        return coordinator
                .watch("/", this::onChange)
                .thenCompose(watch -> listUnits())
                .thenCompose(nothing -> settle());
    }

    /** Marks every unit that there is as stale. */
    private CompletionStage<Void> listUnits() {
        return names(TreeLayout.TOPICS)
                .thenCompose(topics -> {
                    topics.forEach(topic -> stale.add(TreeLayout.topic(topic)));
                    return names(TreeLayout.TOPIC_CONFIGS);
                })
                .thenCompose(topics -> {
                    topics.forEach(topic -> stale.add(TreeLayout.topicConfig(topic)));
                    return names(TreeLayout.BROKER_CONFIGS);
                })
                .thenAccept(brokers -> {
                    brokers.forEach(broker -> stale.add(TreeLayout.brokerConfig(broker)));
                    stale.add(CLUSTER);
                });
    }

    /** The image in force; from any thread. */
    public ClusterImage image() {
        return image;
    }

    /** Adds a listener; from any thread. */
    public void listen(ImageListener listener) {
        listeners.add(listener);
    }

    /** Completes when the image holds everything that was committed before the call. */
    public CompletionStage<ClusterImage> settled() {
        // The read takes its place behind what was submitted before, and runs on the coordinator's thread.
        return coordinator.children("/").thenCompose(names -> settle());
    }

    private CompletionStage<ClusterImage> settle() {
        CompletableFuture<ClusterImage> settled = new CompletableFuture<>();
        settling.add(settled);
        readStale();
        return settled;
    }

    private void onChange(TreeListener.Change change, String path, long zxid) {
        latestZxid = zxid;
        if (change == TreeListener.Change.MISSED) {
            readAnew();
            return;
        }
        stale.add(unit(path));
        readStale();
    }

    /** The session was without a server: what is known may have gone, and what is not known may have come. */
    private void readAnew() {
        listing = true;
        ClusterImage known = image;
        known.topicsByName().keySet().forEach(topic -> stale.add(TreeLayout.topic(topic)));
        known.configs().topics().keySet().forEach(topic -> stale.add(TreeLayout.topicConfig(topic)));
        known.configs().brokers().keySet().forEach(broker -> stale.add(TreeLayout.brokerConfig(broker)));
        listUnits().whenComplete((nothing, failure) -> {
            listing = false;
            if (failure == null) {
                readStale();
            } else {
                failed(failure); // the session has lost its server once more, and is told again when it has one
            }
        });
    }

    private void failed(Throwable failure) {
        LOG.error("The tree cannot be read", failure);
        settling.forEach(settled -> settled.completeExceptionally(failure));
        settling.clear();
    }

    /** The unit in which a path is read: one topic, one configuration, or the rest. */
    private static String unit(String path) {
        for (String parent : List.of(TreeLayout.TOPICS, TreeLayout.TOPIC_CONFIGS, TreeLayout.BROKER_CONFIGS)) {
            if (path.startsWith(parent + "/")) {
                int end = path.indexOf('/', parent.length() + 1);
                return end < 0 ? path : path.substring(0, end);
            }
        }
        return CLUSTER;
    }

    private void readStale() {
        if (reading || listing) {
            return;
        }
        if (stale.isEmpty()) {
            List<CompletableFuture<ClusterImage>> done = List.copyOf(settling);
            settling.clear();
            done.forEach(settled -> settled.complete(image));
            return;
        }
        reading = true;
        List<String> units = List.copyOf(stale);
        stale.clear();
        long zxid = latestZxid;
        List<CompletableFuture<Function<ClusterImage, ClusterImage>>> reads = new ArrayList<>();
        for (String unit : units) {
            reads.add(read(unit, zxid).toCompletableFuture());
        }
        CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)).whenComplete((nothing, failure) -> {
            reading = false;
            if (failure != null) {
                failed(failure);
                return;
            }
            ClusterImage next = image;
            for (CompletableFuture<Function<ClusterImage, ClusterImage>> read : reads) {
                next = read.join().apply(next);
            }
            publish(next);
            readStale();
        });
    }

    private void publish(ClusterImage next) {
        ClusterImage before = image;
        image = next;
        for (ImageListener listener : listeners) {
            try {
                listener.onImage(before, next);
            } catch (RuntimeException e) {
                LOG.error("A listener of the cluster's image failed", e);
            }
        }
    }

    private CompletionStage<Function<ClusterImage, ClusterImage>> read(String unit, long zxid) {
        if (unit.startsWith(TreeLayout.TOPICS + "/")) {
            String name = unit.substring(TreeLayout.TOPICS.length() + 1);
            return readTopic(name).thenApply(topic -> before -> {
                Map<String, TopicImage> topics = new TreeMap<>(before.topicsByName());
                if (topic == null) {
                    topics.remove(name);
                } else {
                    topics.put(name, topic);
                }
                return before.withTopics(topics, zxid);
            });
        }
        if (unit.isEmpty()) {
            return readCluster(zxid);
        }
        boolean ofTopic = unit.startsWith(TreeLayout.TOPIC_CONFIGS + "/");
        String name = unit.substring(unit.lastIndexOf('/') + 1);
        return parsed(unit, TreeLayout::parseConfig).thenApply(config -> before -> {
            ClusterImage.ConfigImage configs = before.configs();
            return before.withConfigs(
                    ofTopic
                            ? new ClusterImage.ConfigImage(with(configs.topics(), name, config), configs.brokers())
                            : new ClusterImage.ConfigImage(configs.topics(), with(configs.brokers(), name, config)),
                    zxid);
        });
    }

    private static Map<String, Map<String, String>> with(
            Map<String, Map<String, String>> before, String name, @Nullable Map<String, String> config) {
        Map<String, Map<String, String>> after = new TreeMap<>(before);
        if (config == null) {
            after.remove(name);
        } else {
            after.put(name, config);
        }
        return after;
    }

    private CompletionStage<@Nullable TopicImage> readTopic(String name) {
        return parsed(TreeLayout.topic(name), TreeLayout::parseTopic).thenCompose(topic -> {
            if (topic == null) {
                return CompletableFuture.<@Nullable TopicImage>completedFuture(null);
            }
            List<CompletableFuture<@Nullable PartitionImage>> partitions = new ArrayList<>();
            topic.assignment()
                    .forEach((index, replicas) -> partitions.add(parsed(
                                    TreeLayout.partitionState(name, index),
                                    data -> TreeLayout.parsePartitionState(index, replicas, data))
                            .toCompletableFuture()));
            return CompletableFuture.allOf(partitions.toArray(CompletableFuture[]::new))
                    .thenApply(nothing -> {
                        List<PartitionImage> found = new ArrayList<>();
                        for (CompletableFuture<@Nullable PartitionImage> partition : partitions) {
                            PartitionImage state = partition.join();
                            if (state == null || state.index() != found.size()) {
                                break;
                            }
                            found.add(state);
                        }
                        return found.isEmpty() ? null : new TopicImage(name, topic.id(), found);
                    });
        });
    }

    private CompletionStage<Function<ClusterImage, ClusterImage>> readCluster(long zxid) {
        CompletionStage<String> clusterId =
                parsed(TreeLayout.CLUSTER_ID, TreeLayout::parseClusterId).thenApply(id -> id == null ? "" : id);
        CompletionStage<Integer> controller =
                parsed(TreeLayout.CONTROLLER, TreeLayout::parseController).thenApply(id -> id == null ? -1 : id);
        CompletionStage<List<BrokerImage>> brokers =
                names(TreeLayout.BROKER_IDS).thenCompose(this::readBrokers);
        return clusterId
                .thenCombine(controller, (id, controllerId) -> Map.entry(id, controllerId))
                .thenCombine(brokers, (ids, found) -> before -> before.with(ids.getKey(), ids.getValue(), found, zxid));
    }

    private CompletionStage<List<BrokerImage>> readBrokers(List<String> names) {
        List<CompletableFuture<@Nullable BrokerImage>> reads = names.stream()
                .filter(name -> name.matches("\\d{1,9}"))
                .map(name -> parsed(
                                TreeLayout.BROKER_IDS + "/" + name,
                                data -> TreeLayout.parseBroker(Integer.parseInt(name), data))
                        .toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)).thenApply(nothing -> {
            List<BrokerImage> brokers = new ArrayList<>();
            for (CompletableFuture<@Nullable BrokerImage> read : reads) {
                BrokerImage broker = read.join();
                if (broker != null) {
                    brokers.add(broker);
                }
            }
            brokers.sort(Comparator.comparingInt(BrokerImage::id));
            return brokers;
        });
    }

    /** A node's contents; null when the node does not exist or cannot be understood, which is logged. */
    private <T> CompletionStage<@Nullable T> parsed(String path, Function<byte[], T> parse) {
        return coordinator.get(path).handle((node, failure) -> {
            if (failure != null) {
                if (!isNoNode(failure)) {
                    throw failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
                }
                return null;
            }
            try {
                return parse.apply(node.data());
            } catch (RuntimeException e) {
                LOG.error("A node cannot be understood and is left out: path={}", path, e);
                return null;
            }
        });
    }

    private CompletionStage<List<String>> names(String path) {
        return coordinator.children(path).exceptionally(failure -> {
            if (isNoNode(failure)) {
                return List.of();
            }
            throw failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
        });
    }

    private static boolean isNoNode(Throwable failure) {
        return failure instanceof NoNodeException || failure.getCause() instanceof NoNodeException;
    }
}
