// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.TreeListener;
import io.varve.coordination.tree.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the tree once and follows its changes: every change names what must be read again; what was read becomes the next image.
 *
 * <p>A tree that holds another cluster, or none any more, is not followed: the image stays as it was, since whoever follows it deletes
 * what is not in it.
 *
 * <p>Threading: safe; a thread of its own reads and calls the listeners, so that what two sessions in turn tell has one order.
 */
public final class ImageFollower implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ImageFollower.class);

    /** What is not a topic or a configuration is read as a whole. */
    private static final String CLUSTER = "";

    private final Coordinator coordinator;
    private final String clusterId;
    private final ThreadPoolExecutor thread;
    private final List<ImageListener> listeners = new ArrayList<>();
    private final Set<String> stale = new LinkedHashSet<>();
    private final List<CompletableFuture<ClusterImage>> settling = new ArrayList<>();
    private volatile ClusterImage image = ClusterImage.EMPTY;
    private long latestZxid;
    private boolean reading;
    private boolean listing;

    /** More became stale during the reads that are under way. */
    private boolean readAgain;

    /** What those reads are of. */
    private List<String> underWay = List.of();

    /**
     * Topics whose own nodes have changed during the reads that are under way, which may have found some of their partitions' states
     * from before and others from after that. They are read once more before anybody sees them: an image never has a partition's state of
     * one transaction and its assignment of another.
     */
    private final Set<String> torn = new LinkedHashSet<>();

    /**
     * @param coordinator the session to read with
     * @param clusterId the cluster to follow
     */
    public ImageFollower(Coordinator coordinator, String clusterId) {
        this.coordinator = coordinator;
        this.clusterId = clusterId;
        // What comes after the end is dropped: there is nobody left to be told.
        this.thread = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> {
                    Thread started = new Thread(task, "varve-image");
                    started.setDaemon(true);
                    return started;
                },
                new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Begins to follow; completes when the first image is there. */
    public CompletionStage<ClusterImage> start() {
        // A change that comes before everything is listed must not be read alone: it would be an image of nothing else.
        return CompletableFuture.runAsync(() -> listing = true, thread)
                .thenCompose(nothing -> coordinator.watch(
                        "/", (change, path, zxid) -> thread.execute(() -> onChange(change, path, zxid))))
                .thenComposeAsync(watch -> listUnits(), thread)
                .thenCompose(nothing -> {
                    listing = false;
                    return settle();
                });
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

    /** Adds a listener and tells it the present image as a change from the empty one; completes when it has been told. */
    public CompletionStage<Void> listen(ImageListener listener) {
        return CompletableFuture.runAsync(
                () -> {
                    listeners.add(listener);
                    tell(listener, ClusterImage.EMPTY, image);
                },
                thread);
    }

    /** Completes when the image holds everything that was committed before the call. */
    public CompletionStage<ClusterImage> settled() {
        // The read takes its place behind what was submitted before, and its answer behind what was told of that.
        return coordinator.children("/").thenComposeAsync(names -> settle(), thread);
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
        if (path.startsWith(TreeLayout.SIZES)) {
            return;
        }
        String unit = unit(path);
        if (path.equals(unit)) {
            torn.add(unit);
        }
        stale.add(unit);
        readStale();
    }

    /** The session was without a server: what is known may have gone, and what is not known may have come. */
    private void readAnew() {
        listing = true;
        torn.addAll(underWay);
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
        LOG.warn("The tree is not read for the time being: {}", failure.getMessage());
        List<CompletableFuture<ClusterImage>> waiting = List.copyOf(settling);
        settling.clear();
        waiting.forEach(settled -> settled.completeExceptionally(failure));
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
            readAgain = true;
            return;
        }
        readAgain = false;
        if (stale.isEmpty()) {
            List<CompletableFuture<ClusterImage>> done = List.copyOf(settling);
            settling.clear();
            done.forEach(settled -> settled.complete(image));
            return;
        }
        reading = true;
        List<String> units = List.copyOf(stale);
        underWay = units;
        stale.clear();
        torn.clear();
        long zxid = latestZxid;
        List<CompletableFuture<Function<ClusterImage, ClusterImage>>> reads = new ArrayList<>();
        for (String unit : units) {
            reads.add(read(unit, zxid).toCompletableFuture());
        }
        CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)).whenComplete((nothing, failure) -> {
            reading = false;
            if (failure != null) {
                putOff(units, failure);
                return;
            }
            ClusterImage next = image;
            for (int i = 0; i < units.size(); i++) {
                if (torn.contains(units.get(i))) {
                    stale.add(units.get(i));
                } else {
                    next = reads.get(i).join().apply(next);
                }
            }
            if (next.clusterId().equals(clusterId)) {
                publish(next);
                readStale();
            } else {
                putOff(units, foreign(next.clusterId()));
            }
        });
    }

    private CoordinationException foreign(String found) {
        return new CoordinationException("the tree is not this cluster's any more: clusterId=" + clusterId + ", found="
                + (found.isEmpty() ? "none" : found) + "; give the broker back the tree that its logs belong to");
    }

    /** What could not be read is read with the next change; when the session is back everything is. */
    private void putOff(List<String> units, Throwable failure) {
        stale.addAll(units);
        failed(failure);
        if (readAgain) {
            readStale();
        }
    }

    private void publish(ClusterImage next) {
        ClusterImage before = image;
        image = next;
        listeners.forEach(listener -> tell(listener, before, next));
    }

    private static void tell(ImageListener listener, ClusterImage before, ClusterImage after) {
        try {
            listener.onImage(before, after);
        } catch (RuntimeException e) {
            LOG.error("A listener of the cluster's image failed", e);
        }
    }

    private CompletionStage<Function<ClusterImage, ClusterImage>> read(String unit, long zxid) {
        if (unit.startsWith(TreeLayout.TOPICS + "/")) {
            String name = unit.substring(TreeLayout.TOPICS.length() + 1);
            return readTopic(name)
                    .<Function<ClusterImage, ClusterImage>>thenApply(topic -> before -> {
                        Map<String, TopicImage> topics = new TreeMap<>(before.topicsByName());
                        if (topic == null) {
                            topics.remove(name);
                        } else {
                            topics.put(name, topic);
                        }
                        return before.withTopics(topics, zxid);
                    })
                    .exceptionally(failure -> keptUnlessRead(failure));
        }
        if (unit.isEmpty()) {
            return readCluster(zxid);
        }
        boolean ofTopic = unit.startsWith(TreeLayout.TOPIC_CONFIGS + "/");
        String name = unit.substring(unit.lastIndexOf('/') + 1);
        return parsed(unit, node -> TreeLayout.parseConfig(node.data())).thenApply(config -> before -> {
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

    /** A topic that cannot be understood stays as it was last: who does not know of it deletes what it has of it. */
    private static Function<ClusterImage, ClusterImage> keptUnlessRead(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (cause instanceof IncomprehensibleNodeException) {
            LOG.error("A topic is not followed any more until its nodes are mended", cause);
            return before -> before;
        }
        throw failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }

    private CompletionStage<@Nullable TopicImage> readTopic(String name) {
        return understood(TreeLayout.topic(name), node -> TreeLayout.parseTopic(node.data()))
                .thenCompose(topic -> {
                    if (topic == null) {
                        return CompletableFuture.<@Nullable TopicImage>completedFuture(null);
                    }
                    List<CompletableFuture<@Nullable PartitionImage>> partitions = new ArrayList<>();
                    topic.partitions()
                            .forEach((index, assignment) -> partitions.add(understood(
                                            TreeLayout.partitionState(name, index),
                                            node -> TreeLayout.parsePartitionState(index, assignment, node))
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
        CompletionStage<String> clusterId = parsed(
                        TreeLayout.CLUSTER_ID, node -> TreeLayout.parseClusterId(node.data()))
                .thenApply(id -> id == null ? "" : id);
        CompletionStage<Integer> controller = parsed(
                        TreeLayout.CONTROLLER, node -> TreeLayout.parseController(node.data()))
                .thenApply(id -> id == null ? ClusterImage.NOBODY : id);
        // First, so that the brokers are at least those of that time.
        CompletionStage<Integer> registrations = parsed(
                        TreeLayout.REGISTRATIONS, node -> node.stat().version())
                .thenApply(version -> version == null ? 0 : version);
        CompletionStage<ClusterImage.Brokers> brokers = names(TreeLayout.BROKER_IDS)
                .thenCompose(this::readBrokers)
                .thenCombine(registrations, (all, version) -> new ClusterImage.Brokers(version, all));
        return clusterId
                .thenCombine(controller, (id, controllerId) -> Map.entry(id, controllerId))
                .thenCombine(brokers, (ids, found) -> before -> before.with(ids.getKey(), ids.getValue(), found, zxid));
    }

    private CompletionStage<List<BrokerImage>> readBrokers(List<String> names) {
        List<CompletableFuture<@Nullable BrokerImage>> reads = names.stream()
                .filter(name -> name.matches("\\d{1,9}"))
                .map(name -> parsed(
                                TreeLayout.broker(Integer.parseInt(name)),
                                node -> TreeLayout.parseBroker(Integer.parseInt(name), node))
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
    private <T> CompletionStage<@Nullable T> parsed(String path, Function<Node, T> parse) {
        return understood(path, node -> {
            try {
                return parse.apply(node);
            } catch (RuntimeException e) {
                LOG.error("A node cannot be understood and is left out: path={}", path, e);
                return null;
            }
        });
    }

    /** The same; fails with an {@link IncomprehensibleNodeException} when it cannot be understood. */
    private <T> CompletionStage<@Nullable T> understood(String path, Function<Node, @Nullable T> parse) {
        return coordinator
                .get(path)
                .handleAsync(
                        (node, failure) -> {
                            if (failure != null) {
                                if (!isNoNode(failure)) {
                                    throw failure instanceof RuntimeException runtime
                                            ? runtime
                                            : new IllegalStateException(failure);
                                }
                                return null;
                            }
                            try {
                                return parse.apply(node);
                            } catch (RuntimeException e) {
                                throw new IncomprehensibleNodeException(path, e);
                            }
                        },
                        thread);
    }

    private CompletionStage<List<String>> names(String path) {
        return coordinator
                .children(path)
                .handleAsync(
                        (names, failure) -> {
                            if (failure == null) {
                                return names;
                            }
                            if (isNoNode(failure)) {
                                return List.of();
                            }
                            throw failure instanceof RuntimeException runtime
                                    ? runtime
                                    : new IllegalStateException(failure);
                        },
                        thread);
    }

    private static boolean isNoNode(Throwable failure) {
        return failure instanceof NoNodeException || failure.getCause() instanceof NoNodeException;
    }

    /** Follows no more; what waits for the image fails. */
    @Override
    public void close() {
        thread.execute(() -> {
            List<CompletableFuture<ClusterImage>> waiting = List.copyOf(settling);
            settling.clear();
            waiting.forEach(settled -> settled.completeExceptionally(new QuorumLostException("the broker stops")));
        });
        thread.shutdown();
    }
}
