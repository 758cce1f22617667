// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Some brokers on this machine, each of them a member of the quorum: one directory with one of {@code node-1}, {@code node-2} ... for each.
 *
 * <p>Threading: confined to the command's thread.
 *
 * @param directory of all nodes
 */
record LocalCluster(Path directory) {

    private static final String NODE = "node-";

    LocalCluster {
        directory = directory.toAbsolutePath().normalize();
    }

    /** The nodes that there are, by their numbers. */
    List<LocalNode> nodes() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches(NODE + "\\d{1,9}"))
                    .map(file -> new LocalNode(
                            Integer.parseInt(file.getFileName().toString().substring(NODE.length())), file))
                    .sorted(Comparator.comparingInt(LocalNode::id))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Lays out a new cluster.
     *
     * @param count how many nodes, at least 1
     * @param brokerPort of the first node, the others follow; 0 for any that are free
     * @param clientPort of the first node for ZooKeeper's clients; likewise
     */
    void lay(int count, int brokerPort, int clientPort) {
        final List<LocalNode.Ports> ports = ports(count, brokerPort, clientPort);
        final StringBuilder members = new StringBuilder();
        for (int i = 0; i < count; i++) {
            final LocalNode.Ports own = ports.get(i);
            members.append("server.%d=127.0.0.1:%d:%d;127.0.0.1:%d%n"
                    .formatted(i + 1, own.peer(), own.election(), own.client()));
        }
        for (int i = 0; i < count; i++) {
            new LocalNode(i + 1, directory.resolve(NODE + (i + 1))).configure(ports.get(i), members.toString());
        }
    }

    private static List<LocalNode.Ports> ports(int count, int brokerPort, int clientPort) {
        final List<ServerSocket> held = new ArrayList<>();
        try {
            final List<LocalNode.Ports> ports = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ports.add(new LocalNode.Ports(
                        hold(brokerPort == 0 ? 0 : brokerPort + i, "--port", held),
                        hold(clientPort == 0 ? 0 : clientPort + i, "--client-port", held),
                        hold(0, "", held),
                        hold(0, "", held)));
            }
            return ports;
        } finally {
            held.forEach(LocalCluster::release);
        }
    }

    /** Takes a port until all have been chosen, so that none is chosen twice. */
    private static int hold(int port, String option, List<ServerSocket> held) {
        final ServerSocket socket;
        try {
            socket = new ServerSocket();
            held.add(socket);
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "port " + port + " cannot be used (" + e.getMessage() + "); choose others with " + option
                            + ", or any that are free with " + option + " 0",
                    e);
        }
        return socket.getLocalPort();
    }

    private static void release(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the nodes that do not run, and returns when all serve. */
    void start(Duration timeout) throws InterruptedException {
        final List<LocalNode> nodes = nodes();
        final List<LocalNode> stopped =
                nodes.stream().filter(node -> node.process().isEmpty()).toList();
        stopped.forEach(LocalNode::start);
        final long deadlineNs = System.nanoTime() + timeout.toNanos();
        for (LocalNode node : nodes) {
            node.awaitReady(deadlineNs);
        }
    }

    /** Asks all nodes to end, and returns those that have not in time. */
    List<LocalNode> stop(Duration timeout) throws InterruptedException {
        final List<LocalNode> nodes = nodes();
        nodes.forEach(LocalNode::askToEnd);
        final long deadlineNs = System.nanoTime() + timeout.toNanos();
        final List<LocalNode> late = new ArrayList<>();
        for (LocalNode node : nodes) {
            if (!node.awaitEnd(deadlineNs)) {
                late.add(node);
            }
        }
        return late;
    }
}
