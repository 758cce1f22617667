// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What lies between the processes of a {@link Cluster}: a relay for each two of them, so that each way between each two can be cut.
 *
 * <p>A way that is cut is silent as one whose packets are lost: what is sent waits, connections stay, and when it heals what waited
 * arrives, as what TCP sends again does. Only a connection that is made over a cut way seems to be accepted; when who made it gives it up
 * before the way heals, it was never made.
 *
 * <p>All brokers listen on 127.0.0.1. Another reaches {@code broker-2} by that name, which means an address of the loopback network
 * of its own to each process, {@code 127.0.FROM.2}, where a relay listens at the same port. That needs Linux, where all of 127.0.0.0/8
 * is there, and a JDK, whose {@code jdk.net.hosts.file} gives each process its names. Clients have a relay's port on 127.0.0.1.
 *
 * <p>Threading: any thread.
 */
public final class Network implements AutoCloseable {

    /** The node where all clients are. */
    public static final String CLIENTS = "clients";

    private static final int MOST_NODES = 9;
    private static final int MEMBERS_FROM = 100;

    private final Map<List<String>, Way> ways = new ConcurrentHashMap<>();
    private final List<Relay> relays = new CopyOnWriteArrayList<>();

    Network() {}

    static String broker(int id) {
        return "broker-" + id;
    }

    static String member(int id) {
        return "member-" + id;
    }

    private static int number(String node) {
        int id = Integer.parseInt(node.substring(node.indexOf('-') + 1));
        return node.startsWith("member") ? MEMBERS_FROM + id : id;
    }

    private static String address(String from, String to) {
        return from.equals(to) ? "127.0.0.1" : "127.0." + number(from) + "." + number(to);
    }

    /** The names that a node knows, in the format of a hosts file; those of brokers that come later as well. */
    static String hosts(String from) {
        Stream<String> nodes =
                IntStream.rangeClosed(1, MOST_NODES).boxed().flatMap(id -> Stream.of(broker(id), member(id)));
        return Stream.concat(Stream.of("127.0.0.1 localhost"), nodes.map(to -> address(from, to) + " " + to))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private Way way(String from, String to) {
        return ways.computeIfAbsent(List.of(from, to), ignored -> new Way());
    }

    /** Lets a node reach a port of another. */
    void connect(String from, String to, int port) {
        relay(from, to, new InetSocketAddress(address(from, to), port), port);
    }

    /** Lets clients reach a port of a node by another of 127.0.0.1. */
    void connectClients(int relayPort, String to, int port) {
        relay(CLIENTS, to, new InetSocketAddress("127.0.0.1", relayPort), port);
    }

    private void relay(String from, String to, InetSocketAddress listens, int port) {
        relays.add(new Relay(listens, new InetSocketAddress("127.0.0.1", port), way(from, to), way(to, from)));
    }

    /** Lets nothing through from one node to another until {@link #heal}; the other way is left as it is. */
    public void cut(String from, String to) {
        way(from, to).cut();
    }

    /** Lets nothing through between two nodes until {@link #heal}. */
    public void cutBoth(String one, String other) {
        cut(one, other);
        cut(other, one);
    }

    /** Lets everything through again, what has waited first. */
    public void heal() {
        ways.values().forEach(Way::heal);
    }

    /** Ends all connections. */
    @Override
    public void close() {
        new ArrayList<>(relays).forEach(Relay::close);
        heal();
    }
}
