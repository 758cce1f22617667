// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;
import org.apache.zookeeper.util.ServiceUtils;

/**
 * Members of an ensemble of Apache ZooKeeper in this process, each with its zoo.cfg, on ports that were free.
 *
 * <p>Threading: confined to the test's thread.
 */
final class ApacheEnsemble implements AutoCloseable {

    private static final int TICK_MS = 200;

    private final Path directory;
    private final List<Integer> ports;
    private final String servers;
    private final Map<Integer, Member> members = new TreeMap<>();

    private ApacheEnsemble(Path directory, List<Integer> ports) {
        this.directory = directory;
        this.ports = ports;
        final StringBuilder lines = new StringBuilder();
        for (int id = 1; id <= ports.size() / 3; id++) {
            lines.append("server." + id + "=127.0.0.1:" + ports.get(3 * id - 2) + ":" + ports.get(3 * id - 1)
                    + ":participant;127.0.0.1:" + ports.get(3 * id - 3) + "\n");
        }
        this.servers = lines.toString();
    }

    /** Starts members 1 to {@code count}. */
    static ApacheEnsemble start(Path directory, int count) throws Exception {
        ApacheZooKeeper.allowAll();
        ServiceUtils.setSystemExitProcedure(ServiceUtils.LOG_ONLY);
        final ApacheEnsemble ensemble = new ApacheEnsemble(directory, freePorts(3 * count));
        for (int id = 1; id <= count; id++) {
            ensemble.start(id);
        }
        return ensemble;
    }

    private static List<Integer> freePorts(int count) throws IOException {
        final List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    void start(int id) throws Exception {
        final Path data = Files.createDirectories(directory.resolve("member" + id));
        Files.writeString(data.resolve("myid"), id + "\n");
        Files.writeString(
                file(id), "tickTime=" + TICK_MS + "\ninitLimit=20\nsyncLimit=10\ndataDir=" + data + "\n" + servers);
        final QuorumPeerConfig config = new QuorumPeerConfig();
        config.parse(file(id).toString());
        members.put(id, new Member(config));
    }

    /** The zoo.cfg of a member. */
    Path file(int id) {
        return directory.resolve("zoo" + id + ".cfg");
    }

    String address(int id) {
        return "127.0.0.1:" + ports.get(3 * id - 3);
    }

    String addresses() {
        return String.join(",", members.keySet().stream().map(this::address).toList());
    }

    void close(int id) throws InterruptedException {
        members.get(id).close();
    }

    @Override
    public void close() throws InterruptedException {
        for (Member member : members.values()) {
            member.close();
        }
    }

    private static final class Member {

        private final QuorumPeerMain main = new QuorumPeerMain();
        private final Thread thread;

        Member(QuorumPeerConfig config) {
            this.thread = new Thread(() -> run(config), "apache-member-" + config.getServerId());
            thread.start();
        }

        private void run(QuorumPeerConfig config) {
            try {
                main.runFromConfig(config);
            } catch (Exception e) {
                throw new IllegalStateException("member " + config.getServerId(), e);
            }
        }

        void close() throws InterruptedException {
            main.close();
            thread.join();
        }
    }
}
