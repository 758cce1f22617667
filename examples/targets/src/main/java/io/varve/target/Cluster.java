// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Brokers of one program on this machine, on free ports of the loopback interface.
 *
 * <p>Threading: confined to the thread of its owner.
 */
public final class Cluster implements AutoCloseable {

    private static final Duration READY_TIMEOUT = Duration.ofSeconds(120);
    private static final int POLL_MS = 10;
    private static final int PORTS = 6;

    private final Plan plan;
    private final ClusterLayout layout;
    private final @Nullable Network network;
    private final List<BrokerPlace> places = new ArrayList<>();
    private final List<ClusterBroker> brokers = new ArrayList<>();

    /**
     * What a cluster is made of.
     *
     * @param target the program
     * @param size how many brokers it begins with
     * @param directory where everything goes; created
     * @param settings more lines of each {@code server.properties}; they win over those of this class
     * @param ensemble holds the state of the cluster; null: the brokers do
     * @param isRelayed whether all connections go through a {@link Network} that can be cut; on Linux
     */
    public record Plan(
            ClusterTarget target,
            int size,
            Path directory,
            Map<String, String> settings,
            @Nullable Quorum ensemble,
            boolean isRelayed) {

        /** A cluster that holds its own state and whose brokers are connected directly. */
        public static Plan of(ClusterTarget target, int size, Path directory, Map<String, String> settings) {
            return new Plan(target, size, directory, settings, null, false);
        }
    }

    private Cluster(Plan plan) {
        this.plan = plan;
        this.network = plan.isRelayed() ? new Network() : null;
        List<BrokerPlace> places =
                IntStream.rangeClosed(1, plan.size()).mapToObj(this::place).toList();
        this.layout = new ClusterLayout(places, ensemble());
    }

    private BrokerPlace place(int id) {
        List<Integer> ports = Ports.free(PORTS);
        String host = network == null ? "127.0.0.1" : Network.broker(id);
        int clientPort = ports.get(0);
        int advertised = network == null ? clientPort : ports.get(5);
        if (network != null) {
            network.connectClients(advertised, host, clientPort);
        }
        return new BrokerPlace(
                id, host, clientPort, advertised, ports.get(1), ports.get(2), ports.get(3), ports.get(4));
    }

    private String ensemble() {
        Quorum ensemble = plan.ensemble();
        if (ensemble == null) {
            return "";
        }
        return network == null
                ? ensemble.connectString()
                : ensemble.members().stream()
                        .map(member -> Network.member(member.id()) + ":" + port(member))
                        .collect(Collectors.joining(","));
    }

    private static int port(Member member) {
        return Integer.parseInt(member.connectString().replaceFirst(".*:", ""));
    }

    /** Lays out a cluster; starts nothing. */
    public static Cluster configure(Plan plan) {
        Cluster cluster = new Cluster(plan);
        try {
            List<BrokerPlace> places = cluster.layout.voters();
            places.forEach(cluster::connect);
            // Side by side, since some programs take their time to prepare a directory.
            cluster.brokers.addAll(places.parallelStream().map(cluster::lay).toList());
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** Lets a broker and all that are there already reach each other, and the broker its ensemble. */
    private void connect(BrokerPlace added) {
        Network relayed = network;
        if (relayed == null) {
            return;
        }
        for (BrokerPlace other : places) {
            connect(relayed, added, other);
            connect(relayed, other, added);
        }
        places.add(added);
        Quorum ensemble = plan.ensemble();
        if (ensemble != null) {
            ensemble.members()
                    .forEach(member -> relayed.connect(added.host(), Network.member(member.id()), port(member)));
        }
    }

    private static void connect(Network network, BrokerPlace from, BrokerPlace to) {
        for (int port : List.of(to.brokerPort(), to.peerPort(), to.electionPort(), to.treePort())) {
            network.connect(from.host(), to.host(), port);
        }
    }

    private ClusterBroker lay(BrokerPlace place) {
        ClusterTarget target = plan.target();
        Path directory = plan.directory().resolve("node-" + place.id()).toAbsolutePath();
        Path configuration = directory.resolve("server.properties");
        Map<String, String> settings = new LinkedHashMap<>(target.settings(place, layout));
        settings.put("log.dirs", directory.resolve("data").toString());
        settings.putAll(plan.settings());
        Map<String, String> environment = new LinkedHashMap<>(target.environment(configuration));
        try {
            Files.createDirectories(directory);
            Files.write(
                    configuration,
                    settings.entrySet().stream()
                            .map(entry -> entry.getKey() + "=" + entry.getValue())
                            .toList());
            if (network != null) {
                Path hosts = Files.writeString(directory.resolve("hosts"), Network.hosts(place.host()));
                environment.put("JDK_JAVA_OPTIONS", "-Djdk.net.hosts.file=" + hosts);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the broker cannot be configured: directory=" + directory, e);
        }
        target.prepare(configuration);
        TargetProcess process =
                new TargetProcess("broker=" + place.id(), directory, target.command(configuration), environment);
        return new ClusterBroker(place, directory, process, target.ready());
    }

    /** Lays out a cluster, starts all brokers and waits until each serves. */
    public static Cluster start(Plan plan) {
        Cluster cluster = configure(plan);
        try {
            cluster.brokers.forEach(ClusterBroker::start);
            cluster.awaitReady();
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** Lays out one more broker, which the others do not know yet; starts nothing. */
    public ClusterBroker add() {
        BrokerPlace place = place(brokers.size() + 1);
        connect(place);
        ClusterBroker broker = lay(place);
        brokers.add(broker);
        return broker;
    }

    /** The program. */
    public ClusterTarget target() {
        return plan.target();
    }

    /** The brokers, by their number. */
    public List<ClusterBroker> brokers() {
        return List.copyOf(brokers);
    }

    /** The broker of this number. */
    public ClusterBroker broker(int id) {
        return brokers.get(id - 1);
    }

    /** All brokers, for a client. */
    public String bootstrap() {
        return brokers.stream().map(ClusterBroker::bootstrap).collect(Collectors.joining(","));
    }

    /**
     * What lies between the brokers.
     *
     * @throws IllegalStateException when they are connected directly
     */
    public Network network() {
        Network relayed = network;
        if (relayed == null) {
            throw new IllegalStateException("the brokers are connected directly");
        }
        return relayed;
    }

    /**
     * Waits until every broker has said that it serves.
     *
     * @throws IllegalStateException when one has not within two minutes, or has ended
     */
    public void awaitReady() {
        brokers.forEach(this::awaitReady);
    }

    /** The same for one broker. */
    public void awaitReady(ClusterBroker broker) {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT.toNanos();
        try {
            while (!broker.isReady()) {
                if (!broker.isRunning() || System.nanoTime() - deadlineNs > 0) {
                    throw new IllegalStateException(
                            (broker.isRunning() ? "a broker does not serve" : "a broker has ended") + ": broker="
                                    + broker.id() + ", printed=" + broker.printed());
                }
                Thread.sleep(POLL_MS);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a cluster gets ready", e);
        }
    }

    /** Kills all brokers. Idempotent. */
    @Override
    public void close() {
        brokers.forEach(ClusterBroker::kill);
        if (network != null) {
            network.close();
        }
    }
}
