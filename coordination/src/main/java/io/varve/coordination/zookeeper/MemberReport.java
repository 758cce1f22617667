// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.TreeMachine;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What four-letter words and admin commands both tell of a member.
 *
 * <p>Threading: confined to the member's thread.
 */
final class MemberReport {

    /** The node that shows the members of the quorum. */
    static final String CONFIG_PATH = "/zookeeper/config";

    static final String NOT_SERVING = "This ZooKeeper instance is not currently serving requests";

    private final ZooKeeperFrontEnd frontEnd;

    MemberReport(ZooKeeperFrontEnd frontEnd) {
        this.frontEnd = frontEnd;
    }

    boolean isServing() {
        return frontEnd.replica().isServing();
    }

    MemberStatus status() {
        return frontEnd.replica().status();
    }

    TreeMachine tree() {
        return frontEnd.replica().tree();
    }

    /** ZooKeeper knows its root by two names and counts both. */
    int nodeCount() {
        return tree().nodeCount() + 1;
    }

    /** Member of a quorum, as opposed to a member alone. */
    boolean isInQuorum() {
        return status().role() != MemberStatus.Role.STANDALONE;
    }

    boolean isLeader() {
        return status().role() == MemberStatus.Role.LEADER;
    }

    /** ZooKeeper's word for the role. */
    String mode() {
        return switch (status().role()) {
            case STANDALONE -> "standalone";
            case LEADER -> "leader";
            case FOLLOWER -> "follower";
            case OBSERVER -> "observer";
            case LOOKING -> "leaderelection";
        };
    }

    /** The state of the member's part in agreement, in the word of ZooKeeper's agreement protocol. */
    String agreementState() {
        return status().role() == MemberStatus.Role.LOOKING ? "election" : "broadcast";
    }

    /** The members of the quorum, as clients read them. */
    String members() {
        final Node config = tree().get(CONFIG_PATH);
        return config == null ? "" : new String(config.data(), StandardCharsets.UTF_8);
    }

    /** The values of mntr and monitor, in ZooKeeper's names without zk_. */
    Map<String, Object> monitorValues() {
        final MemberStatus status = status();
        final ServerStats stats = frontEnd.stats();
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("version", frontEnd.facts().version());
        values.put("server_state", mode());
        if (isInQuorum()) {
            values.put("peer_state", peerState());
            values.put("quorum_size", status.voters());
        }
        values.put("avg_latency", stats.latencies.meanMs());
        values.put("max_latency", stats.latencies.maxMs());
        values.put("min_latency", stats.latencies.minMs());
        values.put("packets_received", stats.received());
        values.put("packets_sent", stats.sent());
        values.put("num_alive_connections", frontEnd.connections().size());
        values.put("outstanding_requests", frontEnd.outstanding());
        values.put("uptime", status.uptimeMs());
        values.put("znode_count", nodeCount());
        values.put("watch_count", frontEnd.replica().watches().watchCount());
        values.put("ephemerals_count", tree().ephemeralCount());
        values.put("approximate_data_size", tree().approximateDataBytes());
        values.put("global_sessions", tree().sessions().size());
        values.put("local_sessions", 0);
        values.put("last_client_response_size", stats.lastReplyBytes());
        values.put("max_client_response_size", stats.maxReplyBytes());
        values.put("min_client_response_size", stats.minReplyBytes());
        values.put("auth_failed_count", stats.authFailures());
        values.put("connection_request_count", stats.connects());
        values.put("connection_revalidate_count", stats.attaches());
        values.put("connection_rejected", stats.rejections());
        values.put("bytes_received_count", stats.receivedBytes());
        values.put("response_bytes", stats.replyBytes());
        if (isLeader()) {
            values.put("learners", status.voters() - 1 + status.observers());
            values.put("synced_followers", status.syncedFollowers());
            values.put("pending_syncs", 0);
        }
        values.putAll(frontEnd.facts().gauges().get());
        return values;
    }

    private String peerState() {
        return switch (status().role()) {
            case LEADER -> "leading - broadcast";
            case FOLLOWER -> "following - broadcast";
            case OBSERVER -> "observing - broadcast";
            default -> "looking - election";
        };
    }

    /** The ephemeral nodes of each session that has any, sessions in order. */
    Map<Long, Set<String>> ephemerals() {
        final Map<Long, Set<String>> bySession = new TreeMap<>();
        tree().sessions().forEach(session -> {
            final Set<String> paths = new TreeSet<>(tree().ephemerals(session.id(), "/"));
            if (!paths.isEmpty()) {
                bySession.put(session.id(), paths);
            }
        });
        return bySession;
    }

    /** The paths that the sessions of this member watch. */
    Map<Long, Set<String>> watchesBySession() {
        final Map<Long, Set<String>> bySession = new TreeMap<>();
        frontEnd.replica().watches().byWatcher().forEach((watcher, paths) -> {
            if (watcher instanceof ConnectionWatcher ours) {
                bySession.put(ours.connection().sessionId(), paths);
            }
        });
        return bySession;
    }

    /** The sessions of this member that watch each path. */
    Map<String, Set<Long>> watchesByPath() {
        final Map<String, Set<Long>> byPath = new TreeMap<>();
        watchesBySession()
                .forEach((session, paths) -> paths.forEach(path ->
                        byPath.computeIfAbsent(path, key -> new TreeSet<>()).add(session)));
        return byPath;
    }
}
