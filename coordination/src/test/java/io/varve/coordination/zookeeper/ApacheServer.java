// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.command.FourLetterCommands;

/** Apache ZooKeeper's own server in this process: the oracle. */
final class ApacheServer implements AutoCloseable {

    private static final String WORDS = "zookeeper.4lw.commands.whitelist";

    private final ServerCnxnFactory factory;
    private final ZooKeeperServer server;

    /** @param words the white list of four-letter words; holds for the process, as ZooKeeper's does */
    ApacheServer(Path directory, String words) throws Exception {
        System.setProperty(WORDS, words);
        FourLetterCommands.resetWhiteList();
        final File data = directory.toFile();
        server = new ZooKeeperServer(data, data, 2000);
        factory = new NIOServerCnxnFactory();
        factory.configure(new InetSocketAddress("127.0.0.1", 0), 100);
        factory.startup(server);
    }

    int port() {
        return factory.getLocalPort();
    }

    ZooKeeperServer server() {
        return server;
    }

    @Override
    public void close() {
        factory.shutdown();
        System.clearProperty(WORDS);
        FourLetterCommands.resetWhiteList();
    }
}
