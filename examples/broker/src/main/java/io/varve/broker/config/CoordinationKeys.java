// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static io.varve.broker.config.ConfigKey.key;
import static io.varve.broker.config.ConfigType.BOOLEAN;
import static io.varve.broker.config.ConfigType.INT;
import static io.varve.broker.config.ConfigType.STRING;

import io.varve.coordination.zookeeper.config.DynamicConfig;
import io.varve.coordination.zookeeper.config.ZooConfigException;
import java.util.List;
import java.util.SortedMap;

/** The broker's keys of what holds the state of the cluster: an ensemble, or the quorum within the brokers. */
final class CoordinationKeys {

    private static final String MEMBERS = "server.N";
    private static final String ENSEMBLE = "zookeeper.connect";
    private static final String CLIENT_PORT = "clientPort";

    static final List<ConfigKey> ALL = List.of(
            key(ENSEMBLE, STRING, null)
                    .must(ValueRule.NOT_EMPTY)
                    .doc(
                            "The servers of the ZooKeeper ensemble or Varve quorum that holds the cluster's state, as host:port"
                                    + " between commas, and an optional path below which it is; without it the broker holds it.",
                            "Set it when brokers share an ensemble; leave it out otherwise."),
            key("zookeeper.session.timeout.ms", INT, 18000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds after which the ensemble takes a broker that it does not hear for dead.",
                            "Raise it for brokers that pause long, lower it to notice dead ones sooner."),
            key("zookeeper.connection.timeout.ms", INT, null)
                    .atLeast(1)
                    .synonym("zookeeper.session.timeout.ms")
                    .doc(
                            "Milliseconds that the broker waits for the ensemble when it starts; as many as the session's timeout"
                                    + " when it is not set.",
                            "Raise it when the ensemble starts together with the broker."),
            key(MEMBERS, STRING, null)
                    .must(new ValueRule(
                            "host:peerPort:electionPort, then :participant or :observer if you like, then ;clientPort if you like",
                            CoordinationKeys::isMember))
                    .doc(
                            "The member of the brokers' own quorum that the broker with node.id=N is, as in zoo.cfg:"
                                    + " host:peerPort:electionPort[:participant|:observer][;clientPort].",
                            "Give three or five brokers the same lines, one for each; without them a broker is a quorum alone."),
            key("quorumListenOnAllIPs", BOOLEAN, false)
                    .doc(
                            "Whether the broker listens for the other members on all interfaces, and not only at the address of its"
                                    + " own line, if that is this machine's.",
                            "Set it where the name in that line means another address to this machine than to the others."),
            key(CLIENT_PORT, INT, null)
                    .must(ValueRule.between(1, 65535))
                    .doc(
                            "The port at which the broker serves ZooKeeper's clients the tree of its quorum; none when it is not set.",
                            "Set it to look at the cluster's state with zkCli or varve tree."),
            key("clientPortAddress", STRING, "0.0.0.0")
                    .must(ValueRule.NOT_EMPTY)
                    .doc(
                            "The address that the broker listens at for ZooKeeper's clients.",
                            "Set it to 127.0.0.1 when nobody else shall see the tree."));

    private CoordinationKeys() {}

    private static boolean isMember(Object text) {
        try {
            DynamicConfig.parse(MEMBERS, "server.0=" + text);
            return true;
        } catch (ZooConfigException e) {
            return false;
        }
    }

    /** Refuses what would ask for two places of the cluster's state, or for none. */
    static void checkTogether(ConfigValues values) {
        final SortedMap<Integer, String> members = values.numberedValues(MEMBERS);
        if (values.hasValue(ENSEMBLE)) {
            if (!members.isEmpty()) {
                throw values.conflict(
                        ENSEMBLE,
                        "the lines server.N ask for a quorum of the brokers instead; remove the one or the others");
            }
            if (values.hasValue(CLIENT_PORT)) {
                throw values.conflict(
                        CLIENT_PORT,
                        "ZooKeeper's clients are served by the servers of zookeeper.connect; remove one of the two");
            }
        }
        final int nodeId = values.intValue("node.id");
        if (!members.isEmpty() && !members.containsKey(nodeId)) {
            throw values.conflict(
                    "server." + members.firstKey(),
                    "no line is this broker's: node.id=" + nodeId + ", lines=" + members.keySet()
                            + "; a broker that is no member names the members' client ports in zookeeper.connect");
        }
    }
}
