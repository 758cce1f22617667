// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import io.varve.broker.admin.AlterPartitionReassignmentsHandler;
import io.varve.broker.admin.CreatePartitionsHandler;
import io.varve.broker.admin.CreateTopicsHandler;
import io.varve.broker.admin.DeleteTopicsHandler;
import io.varve.broker.admin.DescribeClusterHandler;
import io.varve.broker.admin.DescribeConfigsHandler;
import io.varve.broker.admin.DescribeQuorumHandler;
import io.varve.broker.admin.DescribeTopicPartitionsHandler;
import io.varve.broker.admin.ElectLeadersHandler;
import io.varve.broker.admin.IncrementalAlterConfigsHandler;
import io.varve.broker.admin.ListPartitionReassignmentsHandler;
import io.varve.broker.admin.MetadataHandler;
import io.varve.broker.admin.TopicCreator;
import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.config.ListenerSpec;
import io.varve.broker.controller.ConfigWriter;
import io.varve.broker.controller.Controller;
import io.varve.broker.controller.IsrWriter;
import io.varve.broker.controller.ProducerIds;
import io.varve.broker.data.AlterReplicaLogDirsHandler;
import io.varve.broker.data.DeleteRecordsHandler;
import io.varve.broker.data.DescribeLogDirsHandler;
import io.varve.broker.data.FetchHandler;
import io.varve.broker.data.InitProducerIdHandler;
import io.varve.broker.data.ListOffsetsHandler;
import io.varve.broker.data.OffsetForLeaderEpochHandler;
import io.varve.broker.data.ProduceHandler;
import io.varve.broker.data.ReplicaThrottles;
import io.varve.broker.group.GroupConfig;
import io.varve.broker.group.GroupCoordinator;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.partition.CompactionThreads;
import io.varve.broker.partition.Lanes;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Timer;
import io.varve.broker.quorum.Coordination;
import io.varve.broker.quorum.RenewingSession;
import io.varve.broker.replica.FetchersConfig;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.HandlerTable;
import io.varve.broker.storage.LogDirectories;
import io.varve.broker.wire.ApiVersionsHandler;
import io.varve.broker.wire.KafkaAcceptor;
import io.varve.transport.netty.EventLoops;
import io.varve.transport.netty.ListenerConfig;
import io.varve.transport.netty.NettyListener;
import io.varve.transport.netty.NettyTransport;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One broker: an ordered list of parts, closed in reverse.
 *
 * <p>Threading: safe.
 */
public final class Broker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);

    /** How often it is looked whether partitions have grown so much that the controller should know. */
    private static final long TELL_SIZES_MS = 5_000;

    /** How often it is looked whether logs have failed, milliseconds. */
    private static final long LOOK_FOR_FAILED_MS = 500;

    /** How late a replica may do what is due, milliseconds. */
    private static final long TICK_MS = 20;

    private final ConfigValues values;

    private final int nodeId;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final List<InetSocketAddress> listeners = new ArrayList<>();
    private final List<Gate> gates = new ArrayList<>();

    private Broker(ConfigValues values) {
        this.values = values;
        this.nodeId = values.intValue("node.id");
    }

    /**
     * Starts a broker and returns when it serves.
     *
     * @throws ConfigException when a directory or an address cannot be used as configured
     */
    public static Broker start(ConfigValues values) {
        Broker broker = new Broker(values);
        try {
            broker.start();
        } catch (RuntimeException e) {
            broker.close();
            throw e;
        }
        return broker;
    }

    private void start() {
        LogDirectories directories = part(LogDirectories.open(values.listValue("log.dirs"), nodeId));
        Coordination coordination =
                part(Coordination.open(values, directories.first().resolve(LogDirectories.QUORUM)));
        RenewingSession session = part(RenewingSession.open(coordination));
        String clusterId = new ClusterJoin(session, directories).join();
        Lanes lanes = part(new Lanes(values.intValue("num.io.threads")));
        Timer timer = part(new Timer());
        EventLoops loops = part(EventLoops.open(values.intValue("num.network.threads")));
        ImageFollower follower = part(new ImageFollower(session, clusterId));
        BrokerPeers peers = part(new BrokerPeers(
                part(NettyTransport.open(loops, ListenerConfig.at("", 0).build(), FetchersConfig.connector(values))),
                FetchersConfig.of(values),
                values.interBrokerListener(),
                follower,
                new IsrWriter(session, follower)));
        Partitions partitions = part(new Partitions(nodeId, lanes, directories, values, peers));
        part(new CompactionThreads(partitions, values));
        Controller controller = new Controller(nodeId, session, follower, partitions, values);
        done(follower.start());
        done(controller.awaitUnregistered());
        done(controller.leaveFormerRoles(directories.lastEnd()));
        directories.begin();
        GroupCoordinator groups = part(new GroupCoordinator(GroupConfig.of(values), partitions, timer));
        done(follower.listen(peers::onImage));
        done(follower.listen(partitions));
        done(partitions.settled());
        partitions.warnOfStrays();
        ConfigWriter configs = new ConfigWriter(nodeId, session, follower, partitions, values);
        Writers writers = new Writers(controller, configs, new ProducerIds(nodeId, session));
        HandlerTable handlers = handlers(
                new Logs(directories, partitions),
                new Tree(coordination, session, follower),
                writers,
                new Waiting(lanes, timer),
                groups);
        serve(handlers, loops, controller, session);
        part(() -> handOver(controller));
        done(follower.settled());
        done(partitions.settled());
        gates.forEach(Gate::open);
        timer.repeat(TICK_MS, partitions::tick);
        timer.repeat(values.longValue("replica.high.watermark.checkpoint.interval.ms"), () -> lanes.next()
                .execute(partitions::saveHighWatermarks));
        timer.repeat(
                values.longValue("log.retention.check.interval.ms"),
                () -> partitions.keepHouse(values.longValue("producer.id.expiration.ms")));
        timer.repeat(
                TimeUnit.SECONDS.toMillis(values.longValue("leader.imbalance.check.interval.seconds")),
                controller::balanceLeaders);
        timer.repeat(TimeUnit.SECONDS.toMillis(values.longValue("auto.balance.interval.seconds")), controller::balance);
        timer.repeat(LOOK_FOR_FAILED_MS, () -> controller.giveUp(partitions.failed()));
        timer.repeat(TELL_SIZES_MS, () -> controller.tellSizes(partitions.sizesLed()));
        LOG.info("Started: nodeId={}, clusterId={}, listeners={}", nodeId, clusterId, listeners);
    }

    /** Where records lie. */
    private record Logs(LogDirectories directories, Partitions partitions) {}

    /** What requests read the cluster's state from. */
    private record Tree(Coordination coordination, RenewingSession session, ImageFollower follower) {}

    /** What requests change the cluster's state with. */
    private record Writers(Controller controller, ConfigWriter configs, ProducerIds producerIds) {}

    /** What requests wait with. */
    private record Waiting(Lanes lanes, Timer timer) {}

    private HandlerTable handlers(Logs logs, Tree tree, Writers writers, Waiting waiting, GroupCoordinator groups) {
        ImageFollower follower = tree.follower();
        Partitions partitions = logs.partitions();
        Controller controller = writers.controller();
        HandlerTable[] table = new HandlerTable[1];
        TopicCreator creator = new TopicCreator(controller, values);
        List<ApiHandler<?, ?>> handlers = new ArrayList<>(List.of(
                new ProduceHandler(partitions, follower),
                new FetchHandler(partitions, follower, waiting.lanes(), waiting.timer(), values, throttles(follower)),
                new ListOffsetsHandler(partitions),
                new MetadataHandler(follower, controller, values),
                new ApiVersionsHandler(() -> table[0]),
                new CreateTopicsHandler(controller, values),
                new DeleteTopicsHandler(controller, follower, values),
                new DeleteRecordsHandler(partitions),
                new InitProducerIdHandler(writers.producerIds()),
                new OffsetForLeaderEpochHandler(partitions),
                new DescribeConfigsHandler(nodeId, follower, values),
                new CreatePartitionsHandler(controller),
                new IncrementalAlterConfigsHandler(nodeId, writers.configs()),
                new DescribeClusterHandler(follower),
                new DescribeQuorumHandler(tree.coordination()::memberStatus, tree.session()),
                new DescribeTopicPartitionsHandler(follower),
                new ElectLeadersHandler(controller),
                new AlterPartitionReassignmentsHandler(controller),
                new ListPartitionReassignmentsHandler(follower),
                new DescribeLogDirsHandler(partitions, logs.directories()),
                new AlterReplicaLogDirsHandler(partitions, logs.directories())));
        handlers.addAll(groups.handlers(follower, creator::createAutomatically));
        table[0] = new HandlerTable(handlers);
        return table[0];
    }

    private ReplicaThrottles throttles(ImageFollower follower) {
        ReplicaThrottles throttles = new ReplicaThrottles(
                nodeId, values, follower.image(), () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
        done(follower.listen(throttles));
        return throttles;
    }

    /** Binds the listeners and tells the cluster their addresses. */
    private void serve(HandlerTable handlers, EventLoops loops, Controller controller, RenewingSession session) {
        List<ListenerSpec> specs = values.listeners();
        List<NettyListener> bound = new ArrayList<>();
        for (ListenerSpec spec : specs) {
            Gate gate = new Gate(new KafkaAcceptor(spec.name(), handlers));
            gates.add(gate);
            bound.add(part(NettyListener.open(config(spec), loops, gate)));
        }
        BrokerImage self = new BrokerImage(nodeId, endpoints(specs, bound), rack());
        session.onRenewed(() -> controller.rejoin(self));
        done(controller.register(self));
        done(controller.elect());
        for (int i = 0; i < specs.size(); i++) {
            String host = specs.get(i).host();
            InetSocketAddress address = bound.get(i).address();
            listeners.add(host.isEmpty() ? address : InetSocketAddress.createUnresolved(host, address.getPort()));
        }
    }

    private List<BrokerImage.Endpoint> endpoints(List<ListenerSpec> specs, List<NettyListener> bound) {
        List<BrokerImage.Endpoint> endpoints = new ArrayList<>();
        for (ListenerSpec advertised : values.advertisedListeners()) {
            int port = advertised.port();
            for (int i = 0; i < specs.size(); i++) {
                if (port == 0 && specs.get(i).name().equals(advertised.name())) {
                    port = bound.get(i).address().getPort();
                }
            }
            endpoints.add(new BrokerImage.Endpoint(advertised.name(), advertised.protocol(), advertised.host(), port));
        }
        return endpoints;
    }

    private @Nullable String rack() {
        return values.hasValue("broker.rack") ? values.stringValue("broker.rack") : null;
    }

    private ListenerConfig config(ListenerSpec spec) {
        long queuedBytes = values.longValue("queued.max.request.bytes");
        return ListenerConfig.at(spec.host(), spec.port())
                .maxFrameBytes(values.intValue("socket.request.max.bytes"))
                .maxFrameBytesKey("socket.request.max.bytes")
                .maxConnections(values.intValue("max.connections"))
                .maxConnectionsPerIp(values.intValue("max.connections.per.ip"))
                .maxInFlightBytes(
                        queuedBytes > 0 ? queuedBytes : Runtime.getRuntime().maxMemory() / 4)
                .idleTimeoutMs(Math.max(0, values.longValue("connections.max.idle.ms")))
                .sendBufferBytes(values.intValue("socket.send.buffer.bytes"))
                .receiveBufferBytes(values.intValue("socket.receive.buffer.bytes"))
                .backlog(values.intValue("socket.listen.backlog.size"))
                .build();
    }

    /** Others take over before anything stops; without a quorum nobody can. */
    private void handOver(Controller controller) {
        long waitMs = values.longValue("controlled.shutdown.retry.backoff.ms")
                * Math.max(1, values.intValue("controlled.shutdown.max.retries"));
        try {
            controller.shutDown().toCompletableFuture().get(waitMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Stopping without having handed over everything: nodeId={}, reason={}", nodeId, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    private static void done(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** The address of each listener, with the port that was chosen. */
    public List<InetSocketAddress> listeners() {
        return List.copyOf(listeners);
    }

    /** The number of this broker. */
    public int nodeId() {
        return nodeId;
    }

    /** Finishes what is under way, closes the logs cleanly and ends all threads. Idempotent. */
    @Override
    public void close() {
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.error(
                        "A part of the broker could not be closed: part={}",
                        part.getClass().getSimpleName(),
                        e);
            }
        }
    }
}
