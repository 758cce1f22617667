// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static io.varve.broker.config.ConfigKey.key;
import static io.varve.broker.config.ConfigType.INT;
import static io.varve.broker.config.ConfigType.LIST;
import static io.varve.broker.config.ConfigType.LONG;
import static io.varve.broker.config.ConfigType.STRING;

import java.util.List;

/** The keys of a broker's identity, its listeners and its connections. */
final class NetworkKeys {

    static final List<ConfigKey> ALL = List.of(
            key("node.id", INT, null)
                    .atLeast(0)
                    .synonym("broker.id")
                    .doc("The number of this broker in its cluster.", "Give every broker of a cluster its own."),
            key("broker.id", INT, 0)
                    .atLeast(0)
                    .replacedBy("node.id")
                    .doc("The older name of node.id.", "Use node.id in new files."),
            key("broker.rack", STRING, null)
                    .doc(
                            "The rack or zone of this broker, told to clients with the metadata.",
                            "Set it when brokers stand in several racks."),
            key("listeners", LIST, null)
                    .must(ValueRule.NOT_EMPTY)
                    .doc(
                            "The addresses the broker listens on, as NAME://HOST:PORT between commas; without a host on all"
                                    + " interfaces, with port 0 on a free port. Default PLAINTEXT://:9092, or host.name and port.",
                            "Set it to choose interfaces, ports or several listeners."),
            key("advertised.listeners", LIST, null)
                    .must(ValueRule.NOT_EMPTY)
                    .doc(
                            "The addresses clients are told to connect to, as NAME://HOST:PORT between commas, one for each"
                                    + " name in listeners. Default: the listeners themselves, with this machine's name where"
                                    + " they give no host.",
                            "Set it when clients reach the broker through another name or port, as behind NAT or in a"
                                    + " container."),
            key("host.name", STRING, "")
                    .replacedBy("listeners")
                    .doc(
                            "The host to listen on when listeners is not set; empty for all.",
                            "Use listeners in new files."),
            key("port", INT, 9092)
                    .must(ValueRule.between(0, 65535))
                    .replacedBy("listeners")
                    .doc("The port to listen on when listeners is not set.", "Use listeners in new files."),
            key("advertised.host.name", STRING, null)
                    .replacedBy("advertised.listeners")
                    .doc(
                            "The host clients are told when advertised.listeners is not set.",
                            "Use advertised.listeners in new files."),
            key("advertised.port", INT, null)
                    .must(ValueRule.between(1, 65535))
                    .replacedBy("advertised.listeners")
                    .doc(
                            "The port clients are told when advertised.listeners is not set.",
                            "Use advertised.listeners in new files."),
            key(
                            "listener.security.protocol.map",
                            STRING,
                            "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL")
                    .doc(
                            "The security protocol of each listener name, as NAME:PROTOCOL between commas. Only PLAINTEXT"
                                    + " can be served.",
                            "Extend it when a listener has a name of its own."),
            key("inter.broker.listener.name", STRING, null)
                    .doc(
                            "The listener that other brokers use; default the first one.",
                            "Set it when brokers talk to each other on a separate network."),
            key("controller.listener.names", LIST, "")
                    .doc(
                            "Listeners that belong to a KRaft controller; they are left out, since the controller needs none"
                                    + " here.",
                            "Leave it as a Kafka file has it."),
            key("num.network.threads", INT, 3)
                    .atLeast(1)
                    .doc(
                            "Threads that read requests from the network and write responses to it.",
                            "Raise it when they are busy all the time and cores are idle."),
            key("num.io.threads", INT, 8)
                    .atLeast(1)
                    .doc(
                            "Threads among which the partitions are divided and that append to and read from their logs.",
                            "Match it to the number of cores and disks."),
            key("queued.max.requests", INT, 500)
                    .atLeast(1)
                    .withoutEffect("requests are bounded by their bytes, queued.max.request.bytes")
                    .doc(
                            "Requests taken from all connections and not yet answered before the network is no longer read.",
                            "Lower it to bound memory, raise it for very many busy connections."),
            key("queued.max.request.bytes", LONG, -1)
                    .must(ValueRule.atLeast(1).orMinusOne())
                    .doc(
                            "Bytes of requests not yet answered before the network is no longer read; -1 for a bound made"
                                    + " from the heap.",
                            "Set it when large requests exhaust the memory."),
            key("socket.send.buffer.bytes", INT, 102400)
                    .atLeast(-1)
                    .doc(
                            "The send buffer of each socket in bytes; -1 leaves it to the operating system.",
                            "Raise it on links with a long round trip."),
            key("socket.receive.buffer.bytes", INT, 102400)
                    .atLeast(-1)
                    .doc(
                            "The receive buffer of each socket in bytes; -1 leaves it to the operating system.",
                            "Raise it on links with a long round trip."),
            key("socket.request.max.bytes", INT, 104857600)
                    .atLeast(1)
                    .doc(
                            "The largest request in bytes; a connection that announces more is closed.",
                            "Keep it above message.max.bytes."),
            key("socket.listen.backlog.size", INT, 50)
                    .atLeast(1)
                    .doc(
                            "Connections the operating system may hold before they are accepted.",
                            "Raise it when thousands of clients connect at once."),
            key("max.connections", INT, Integer.MAX_VALUE)
                    .atLeast(0)
                    .doc("Connections open at a time in all.", "Set it to protect memory and file descriptors."),
            key("max.connections.per.ip", INT, Integer.MAX_VALUE)
                    .atLeast(0)
                    .doc("Connections open at a time from one address.", "Set it to bound a client gone wild."),
            key("connections.max.idle.ms", LONG, 600000)
                    .doc(
                            "Milliseconds after which a connection without requests is closed.",
                            "Lower it for many short-lived clients; a negative value keeps connections for ever."));

    private NetworkKeys() {}
}
