// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

/**
 * Where a broker of a {@link Cluster} is reached. It listens on 127.0.0.1 with all of its ports.
 *
 * @param id its number; the first has 1
 * @param host the name by which other brokers reach it
 * @param clientPort where it listens for clients
 * @param advertisedPort where clients connect, on 127.0.0.1: the same, or a relay's
 * @param brokerPort where it listens for other brokers
 * @param peerPort where it listens as a member of the quorum, or as a controller
 * @param electionPort the second port of a member
 * @param treePort where it listens for ZooKeeper's clients
 */
public record BrokerPlace(
        int id,
        String host,
        int clientPort,
        int advertisedPort,
        int brokerPort,
        int peerPort,
        int electionPort,
        int treePort) {

    /** {@code host:port} for clients. */
    String bootstrap() {
        return "127.0.0.1:" + advertisedPort;
    }
}
