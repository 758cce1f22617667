// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.quorum.QuorumServer;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Brokers in this process, with a server of the tree that goes on while they come and go. */
public final class EmbeddedBrokers implements AutoCloseable {

    private final Path directory;
    private final int clientPort = FreePorts.find(1).get(0);
    private final QuorumServer tree;
    private final Map<String, String> config = new HashMap<>();
    private final Map<Integer, Broker> brokers = new TreeMap<>();

    public EmbeddedBrokers(Path directory) throws IOException {
        this.directory = directory;
        Path file = Files.writeString(
                directory.resolve("zoo.cfg"),
                "dataDir=" + directory.resolve("tree")
                        + "\ntickTime=500\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nclientPort="
                        + clientPort + "\n");
        this.tree = QuorumServer.start(ZooConfig.load(file), Files.readString(file));
    }

    /** Sets a key for brokers that are started from now on. */
    public EmbeddedBrokers with(String key, String value) {
        config.put(key, value);
        return this;
    }

    public EmbeddedBrokers start(int... ids) {
        for (int id : ids) {
            Map<String, String> all = new HashMap<>(Map.of(
                    "node.id",
                    Integer.toString(id),
                    "log.dirs",
                    data(id).toString(),
                    "listeners",
                    "PLAINTEXT://127.0.0.1:0",
                    "offsets.topic.num.partitions",
                    "3",
                    "zookeeper.connect",
                    "127.0.0.1:" + clientPort,
                    "zookeeper.session.timeout.ms",
                    "6000"));
            all.putAll(config);
            brokers.put(id, Broker.start(ConfigValues.of(all)));
        }
        return this;
    }

    public void stop(int id) {
        brokers.remove(id).close();
    }

    /** The log directory of a broker. */
    public Path data(int id) {
        return directory.resolve("data" + id);
    }

    /** The addresses of the brokers that run. */
    public String bootstrap() {
        return brokers.values().stream()
                .map(broker -> broker.listeners().get(0))
                .map(address -> address.getHostString() + ":" + address.getPort())
                .collect(Collectors.joining(","));
    }

    @Override
    public void close() {
        brokers.values().forEach(Broker::close);
        tree.close();
    }
}
