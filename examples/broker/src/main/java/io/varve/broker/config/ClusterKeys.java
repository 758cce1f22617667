// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static io.varve.broker.config.ConfigKey.key;
import static io.varve.broker.config.ConfigType.BOOLEAN;
import static io.varve.broker.config.ConfigType.DOUBLE;
import static io.varve.broker.config.ConfigType.INT;
import static io.varve.broker.config.ConfigType.LIST;
import static io.varve.broker.config.ConfigType.LONG;
import static io.varve.broker.config.ConfigType.SHORT;
import static io.varve.broker.config.ConfigType.STRING;

import java.util.List;

/** The broker's keys of topics, fetches, replication, consumer groups and producers. */
final class ClusterKeys {

    static final String ONE_REPLICA = "a partition has one replica";
    private static final String NO_TRANSACTIONS = "transactions are not served yet";

    static final List<ConfigKey> ALL = List.of(
            key("num.partitions", INT, 1)
                    .atLeast(1)
                    .doc(
                            "Partitions of a topic that is created without a number.",
                            "Raise it when consumers of most topics work in parallel."),
            key("default.replication.factor", INT, 1)
                    .must(ValueRule.between(1, Short.MAX_VALUE))
                    .doc("Replicas of a topic that is created without a number.", "Set it to 3 in a cluster."),
            key("auto.create.topics.enable", BOOLEAN, true)
                    .doc(
                            "Whether a topic is created when a client asks for one that does not exist.",
                            "Turn it off when topics are administered."),
            key("delete.topic.enable", BOOLEAN, true)
                    .doc("Whether clients may delete topics.", "Turn it off to protect against accidents."),
            key("min.insync.replicas", INT, 1)
                    .atLeast(1)
                    .dynamic()
                    .doc(
                            "In-sync replicas below which a produce with acks=all is refused.",
                            "Set it to 2 with three replicas."),
            key("unclean.leader.election.enable", BOOLEAN, false)
                    .dynamic()
                    .doc(
                            "Whether a replica that is not in sync may lead when no other is left, losing records.",
                            "Leave it off unless serving matters more than the data."),
            key("replica.lag.time.max.ms", LONG, 30000L)
                    .atLeast(1)
                    .doc(
                            "Milliseconds for which a replica may be behind before it no longer counts as in sync.",
                            "Lower it to wait less for a replica that is slow or gone."),
            key("replica.high.watermark.checkpoint.interval.ms", LONG, 5000L)
                    .atLeast(1)
                    .doc(
                            "Milliseconds between two savings of what is committed.",
                            "Leave it; a restarted broker knows what was committed at the last one, and the replicas tell it the rest."),
            key("replica.selector.class", STRING, null)
                    .must(ValueRule.oneOf("org.apache.kafka.common.replica.RackAwareReplicaSelector"))
                    .doc(
                            "Sends consumers that name their client.rack to a replica in that rack.",
                            "Set it to org.apache.kafka.common.replica.RackAwareReplicaSelector to spare traffic between racks."),
            key("auto.leader.rebalance.enable", BOOLEAN, true)
                    .doc(
                            "Whether the controller lets preferred leaders lead again by and by.",
                            "Turn it off to decide by yourself when leaders change."),
            key("leader.imbalance.check.interval.seconds", LONG, 300)
                    .atLeast(1)
                    .doc(
                            "Seconds between two looks whether preferred leaders should lead again.",
                            "Lower it when brokers restart often."),
            key("leader.imbalance.per.broker.percentage", INT, 10)
                    .must(ValueRule.between(0, 100))
                    .doc(
                            "Percent of the partitions that prefer a broker which others may lead without anything being done.",
                            "Set it to 0 to have every preferred leader lead."),
            key("draining.brokers", LIST, "")
                    .must(ValueRule.numbers())
                    .dynamic()
                    .doc(
                            "Numbers of brokers that the controller takes all replicas from and gives none, set for all brokers together.",
                            "Use varve broker drain, which sets it and waits."),
            key("auto.balance.enable", BOOLEAN, true)
                    .doc(
                            "Whether the controller moves replicas so that brokers have equal shares of bytes and leaders.",
                            "Turn it off to assign replicas by yourself; brokers can be drained nevertheless."),
            key("auto.balance.interval.seconds", LONG, 60)
                    .atLeast(1)
                    .doc(
                            "Seconds between two looks whether brokers have their shares.",
                            "Raise it in a cluster that hardly changes."),
            key("auto.balance.ratio", DOUBLE, 1.1)
                    .must(ValueRule.moreThan(1))
                    .doc(
                            "How many times its equal share a broker may have, or an equal share be of its, without anything being moved.",
                            "Raise it to move less."),
            key("auto.balance.moves", INT, 10)
                    .atLeast(1)
                    .doc(
                            "Partitions that the controller has under way to other brokers at a time.",
                            "Lower it when moves disturb clients."),
            key("auto.balance.bytes", LONG, 1073741824L)
                    .atLeast(1)
                    .doc(
                            "Bytes that those partitions may have to copy together; one is moved even when it has more.",
                            "Lower it when moves disturb clients."),
            key("auto.balance.throttled.rate", LONG, 52428800L)
                    .atLeast(1)
                    .dynamic()
                    .doc(
                            "Bytes a second that a broker sends at most to replicas that a reassignment adds.",
                            "Raise it on a fast network, lower it when moves disturb clients; replicas that"
                                    + " leader.replication.throttled.replicas names have a rate of their own."),
            key("leader.replication.throttled.rate", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .dynamic()
                    .doc(
                            "Bytes a second that a broker sends at most to replicas that leader.replication.throttled.replicas names.",
                            "Set it for a reassignment by hand; Kafka's tool does with --throttle."),
            key("replica.alter.log.dirs.io.max.bytes.per.second", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .doc(
                            "Bytes a second that are copied at most when a replica moves to another log directory.",
                            "Set it when such a move disturbs clients."),
            key("controlled.shutdown.enable", BOOLEAN, true)
                    .doc(
                            "Whether a broker that stops hands its partitions over first.",
                            "Turn it off in tests of what happens when one dies."),
            key("controlled.shutdown.max.retries", INT, 3)
                    .atLeast(0)
                    .doc(
                            "How many times controlled.shutdown.retry.backoff.ms a broker that stops waits for followers to catch up.",
                            "Raise it when followers catch up slowly and stopping may take its time."),
            key("controlled.shutdown.retry.backoff.ms", LONG, 5000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds for one of the waits of a broker that stops; it looks more often than that.",
                            "Change controlled.shutdown.max.retries instead."),
            key("fetch.max.bytes", INT, 57671680)
                    .atLeast(1024)
                    .doc("The most bytes of one fetch response.", "Lower it to bound the memory of a fetch."),
            key("max.incremental.fetch.session.cache.slots", INT, 1000)
                    .atLeast(0)
                    .doc("Fetch sessions held at a time.", "Raise it above the number of consumers."),
            key("replica.fetch.wait.max.ms", INT, 500)
                    .atLeast(0)
                    .doc(
                            "Milliseconds a leader may let a fetch of this broker wait for something new.",
                            "Keep it well below replica.lag.time.max.ms."),
            key("replica.fetch.min.bytes", INT, 1)
                    .atLeast(0)
                    .doc(
                            "Bytes of records for which a leader lets a fetch of this broker wait.",
                            "Leave it; more delays every produce that waits for the replicas."),
            key("replica.fetch.max.bytes", INT, 1048576)
                    .atLeast(0)
                    .doc(
                            "The most bytes of one partition in a response to this broker; a first batch that is larger comes"
                                    + " nevertheless.",
                            "Raise it when few partitions carry all the load."),
            key("replica.fetch.response.max.bytes", INT, 10485760)
                    .atLeast(1)
                    .doc(
                            "The most bytes of records in one response to this broker; a first batch that is larger comes"
                                    + " nevertheless.",
                            "Lower it to bound the memory of replication: about eight responses may be held."),
            key("replica.fetch.backoff.ms", INT, 1000)
                    .atLeast(0)
                    .doc(
                            "The longest time in milliseconds between two attempts to reach a leader.",
                            "Lower it to catch up sooner with a leader that was away."),
            key("replica.socket.timeout.ms", INT, 30000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds without a sign of the leader after which the connection to it is closed.",
                            "Keep it above replica.fetch.wait.max.ms."),
            key("replica.socket.receive.buffer.bytes", INT, 65536)
                    .atLeast(-1)
                    .doc(
                            "The receive buffer in bytes of the connections to leaders; -1 leaves it to the operating system.",
                            "Raise it when brokers are far apart."),
            key("group.min.session.timeout.ms", INT, 6000)
                    .atLeast(1)
                    .doc(
                            "The shortest session timeout in milliseconds a group member may ask for.",
                            "Lower it to notice dead members sooner."),
            key("group.max.session.timeout.ms", INT, 1800000)
                    .atLeast(1)
                    .doc(
                            "The longest session timeout in milliseconds a group member may ask for.",
                            "Raise it for members that pause long."),
            key("group.initial.rebalance.delay.ms", INT, 3000)
                    .atLeast(0)
                    .doc(
                            "Milliseconds an empty group waits for more members before its first assignment.",
                            "Set it to 0 in tests."),
            key("group.max.size", INT, Integer.MAX_VALUE)
                    .atLeast(1)
                    .doc("Members a group may have.", "Lower it to bound the cost of a rebalance."),
            key("group.coordinator.rebalance.protocols", LIST, "classic,consumer")
                    .must(ValueRule.eachOneOf("classic", "consumer"))
                    .doc(
                            "The protocols of groups that are served; classic always is.",
                            "Leave out consumer to keep clients from the protocol of KIP-848."),
            key("group.consumer.session.timeout.ms", INT, 45000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds that a member of a consumer group (KIP-848) may be silent.",
                            "Lower it to notice dead members sooner."),
            key("group.consumer.heartbeat.interval.ms", INT, 5000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds between two heartbeats of a member of a consumer group (KIP-848).",
                            "Lower it to rebalance faster."),
            key("group.consumer.max.size", INT, Integer.MAX_VALUE)
                    .atLeast(1)
                    .doc("Members a consumer group (KIP-848) may have.", "Lower it to bound the cost of a rebalance."),
            key("group.consumer.assignors", LIST, "uniform,range")
                    .must(ValueRule.eachOneOf("uniform", "range"))
                    .doc(
                            "The assignors that members of consumer groups (KIP-848) may ask for, the default first.",
                            "Put range first when topics are joined."),
            key("group.consumer.migration.policy", STRING, "bidirectional")
                    .must(ValueRule.oneOf("disabled", "upgrade", "downgrade", "bidirectional"))
                    .doc(
                            "Which groups with members become groups of the other protocol when such a member joins (upgrade, to KIP-848)"
                                    + " or only such are left (downgrade, to classic).",
                            "Set it to upgrade when nobody shall go back."),
            key("offset.metadata.max.bytes", INT, 4096)
                    .atLeast(0)
                    .doc(
                            "The largest text in bytes that a commit may carry with an offset.",
                            "There is hardly a reason to."),
            key("offsets.topic.num.partitions", INT, 50)
                    .atLeast(1)
                    .doc(
                            "Partitions of __consumer_offsets, taken when it is created.",
                            "Lower it on a small broker; never change it later."),
            key("offsets.topic.replication.factor", SHORT, 3)
                    .atLeast(1)
                    .doc(
                            "Replicas of __consumer_offsets; while there are fewer brokers, as many as there are.",
                            "Leave it."),
            key("offsets.topic.segment.bytes", INT, 104857600)
                    .atLeast(1)
                    .doc("Bytes of a segment of __consumer_offsets.", "Keep it small, so that loading stays fast."),
            key("offsets.topic.compression.codec", INT, 0)
                    .must(ValueRule.between(0, 4))
                    .withoutEffect("commits are stored uncompressed")
                    .doc(
                            "The codec of commits in __consumer_offsets: none, gzip, snappy, lz4, zstd as 0 to 4.",
                            "Leave it."),
            key("offsets.retention.minutes", INT, 10080)
                    .atLeast(1)
                    .doc(
                            "Minutes for which the offsets of a group without members are kept.",
                            "Raise it for consumers that run rarely."),
            key("offsets.retention.check.interval.ms", LONG, 600000)
                    .atLeast(1)
                    .doc("Milliseconds between two looks for expired offsets.", "There is hardly a reason to."),
            key("offsets.commit.timeout.ms", INT, 5000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds that a commit, or any other answer of a group, may wait for the replicas.",
                            "There is hardly a reason to."),
            key("offsets.load.buffer.size", INT, 5242880)
                    .atLeast(1)
                    .withoutEffect("commits are loaded batch by batch")
                    .doc(
                            "Bytes read at a time when a broker loads a partition of __consumer_offsets.",
                            "Lower it on a very small heap."),
            key("producer.id.expiration.ms", INT, 86400000)
                    .atLeast(1)
                    .doc(
                            "Milliseconds after which a partition forgets an idempotent producer that is silent.",
                            "Raise it for producers that pause longer."),
            key("producer.id.expiration.check.interval.ms", INT, 600000)
                    .atLeast(1)
                    .withoutEffect("the look is taken with log.retention.check.interval.ms")
                    .doc("Milliseconds between two looks for expired producers.", "There is hardly a reason to."),
            key("transactional.id.expiration.ms", INT, 604800000)
                    .atLeast(1)
                    .withoutEffect(NO_TRANSACTIONS)
                    .doc("Milliseconds after which an idle transactional id is forgotten.", "Leave it."),
            key("transaction.max.timeout.ms", INT, 900000)
                    .atLeast(1)
                    .withoutEffect(NO_TRANSACTIONS)
                    .doc("The longest transaction timeout in milliseconds a producer may ask for.", "Leave it."),
            key("config.unknown", STRING, "error")
                    .must(ValueRule.oneOf("error", "warn"))
                    .doc(
                            "What an unknown key does: error ends the start, warn names the key in the log and goes on.",
                            "Use warn to start from a file made for another program."));

    private ClusterKeys() {}
}
