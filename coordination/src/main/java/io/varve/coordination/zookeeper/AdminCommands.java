// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.MemberStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands of ZooKeeper's AdminServer, as trees of values that whoever serves them turns into JSON. What ZooKeeper has and this
 * server has no use for (trace masks, snapshots over HTTP, system properties, which may hold secrets) is unknown here.
 *
 * <p>Threading: confined to the member's thread.
 */
final class AdminCommands {

    /** A command's answer is filled into the map. */
    private record Command(String name, boolean needsService, Consumer<Map<String, @Nullable Object>> answer) {}

    private final ZooKeeperFrontEnd frontEnd;
    private final MemberReport report;
    private final Map<String, Command> commands = new HashMap<>();
    private final Set<String> names = new TreeSet<>();

    AdminCommands(ZooKeeperFrontEnd frontEnd) {
        this.frontEnd = frontEnd;
        this.report = new MemberReport(frontEnd);
        add(true, this::resetConnections, "connection_stat_reset", "crst");
        add(true, this::configuration, "configuration", "conf", "config");
        add(true, this::connections, "connections", "cons");
        add(true, this::directories, "dirs");
        add(true, this::dump, "dump");
        add(false, this::environment, "environment", "env", "envi");
        add(true, this::digest, "hash");
        add(true, this::initialConfiguration, "initial_configuration", "icfg");
        add(true, values -> values.put("read_only", false), "is_read_only", "isro");
        add(true, this::lastSnapshot, "last_snapshot", "lsnp");
        add(true, this::leader, "leader", "lead");
        add(false, values -> values.putAll(report.monitorValues()), "monitor", "mntr");
        add(true, this::observers, "observers", "obsr");
        add(true, values -> {}, "ruok");
        add(true, values -> serverStats(values, false), "server_stats", "srvr");
        add(true, values -> serverStats(values, true), "stats", "stat");
        add(true, values -> frontEnd.resetStats(), "stat_reset", "srst");
        add(true, this::votingView, "voting_view");
        add(true, values -> values.put("session_id_to_watched_paths", report.watchesBySession()), "watches", "wchc");
        add(true, values -> values.put("path_to_session_ids", report.watchesByPath()), "watches_by_path", "wchp");
        add(true, this::watchSummary, "watch_summary", "wchs");
        add(false, this::agreementState, "zabstate");
    }

    private void add(
            boolean needsService, Consumer<Map<String, @Nullable Object>> answer, String name, String... aliases) {
        final Command command = new Command(name, needsService, answer);
        names.add(name);
        commands.put(name, command);
        for (String alias : aliases) {
            commands.put(alias, command);
        }
    }

    Set<String> names() {
        return Collections.unmodifiableSet(names);
    }

    Map<String, @Nullable Object> run(String name) {
        final Command command = commands.get(name);
        final Map<String, @Nullable Object> values = new LinkedHashMap<>();
        if (command == null) {
            return end(values, name, "Unknown command: " + name);
        }
        if (command.needsService && !report.isServing()) {
            return end(values, name, MemberReport.NOT_SERVING);
        }
        command.answer.accept(values);
        final Object error = values.remove("error");
        return end(values, command.name, error == null ? null : error.toString());
    }

    private static Map<String, @Nullable Object> end(
            Map<String, @Nullable Object> values, String name, @Nullable String error) {
        values.put("command", name);
        values.put("error", error);
        return values;
    }

    private void resetConnections(Map<String, @Nullable Object> values) {
        frontEnd.resetConnectionStats();
    }

    /** In the names of JSON: clientPort becomes client_port. */
    private void configuration(Map<String, @Nullable Object> values) {
        frontEnd.facts()
                .configuration()
                .get()
                .forEach((key, value) ->
                        values.put(key.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT), value));
    }

    private void connections(Map<String, @Nullable Object> values) {
        values.put("connections", connectionList(false));
        values.put("secure_connections", List.of());
    }

    private List<Map<String, Object>> connectionList(boolean brief) {
        final List<Map<String, Object>> list = new ArrayList<>();
        for (ClientConnection connection : frontEnd.connections()) {
            list.add(connection(connection, brief));
        }
        return list;
    }

    private static Map<String, Object> connection(ClientConnection connection, boolean brief) {
        final ConnectionStats stats = connection.stats();
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("remote_socket_address", connection.peer().toString().substring(1));
        values.put("interest_ops", 1);
        values.put("outstanding_requests", connection.outstanding());
        values.put("packets_received", stats.received());
        values.put("packets_sent", stats.sent());
        if (!brief) {
            values.put("session_id", connection.sessionId());
            values.put("last_operation", stats.lastOperation());
            values.put("established", stats.establishedMs);
            values.put("session_timeout", connection.timeoutMs());
            values.put("last_cxid", stats.lastXid());
            values.put("last_zxid", stats.lastZxid());
            values.put("last_response_time", stats.lastReplyMs());
            values.put("last_latency", stats.lastLatencyMs());
            values.put("min_latency", stats.latencies.minMs());
            values.put("avg_latency", stats.latencies.wholeMeanMs());
            values.put("max_latency", stats.latencies.maxMs());
        }
        return values;
    }

    private void directories(Map<String, @Nullable Object> values) {
        values.put("datadir_size", report.status().snapshotBytes());
        values.put("logdir_size", report.status().logBytes());
    }

    /** Sessions are expired by the leader alone, so that this member has no times to tell. */
    private void dump(Map<String, @Nullable Object> values) {
        values.put("expiry_time_to_session_ids", Map.of());
        values.put("session_id_to_ephemeral_paths", report.ephemerals());
    }

    private void environment(Map<String, @Nullable Object> values) {
        values.putAll(frontEnd.facts().environment().get());
    }

    private void digest(Map<String, @Nullable Object> values) {
        values.put(
                "digests",
                List.of(Map.of(
                        "zxid", report.tree().lastZxid(),
                        "digest", report.tree().digest())));
    }

    private void initialConfiguration(Map<String, @Nullable Object> values) {
        values.put("initial_configuration", frontEnd.facts().initialConfiguration());
    }

    private void lastSnapshot(Map<String, @Nullable Object> values) {
        final long zxid = report.status().snapshotZxid();
        values.put("zxid", Long.toHexString(zxid == 0 ? -1 : zxid));
        values.put("timestamp", -1L);
    }

    private void leader(Map<String, @Nullable Object> values) {
        if (report.isInQuorum()) {
            values.put("is_leader", report.isLeader());
            values.put("leader_id", report.status().leaderId());
            values.put("leader_ip", leaderHost());
        } else {
            values.put("error", "server is not initialized");
        }
    }

    /** The host that the leader's line names, empty when there is no leader or no line. */
    private String leaderHost() {
        final String start = "server." + report.status().leaderId() + "=";
        return report.members()
                .lines()
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(start.length()).replaceFirst(":[0-9]+:[0-9]+[:|;].*", ""))
                .findFirst()
                .orElse("");
    }

    private void observers(Map<String, @Nullable Object> values) {
        values.put("synced_observers", 0);
        values.put("observers", List.of());
    }

    private void serverStats(Map<String, @Nullable Object> values, boolean withConnections) {
        values.put("version", frontEnd.facts().version());
        values.put("read_only", false);
        values.put("server_stats", counters());
        values.put("client_response", replySizes());
        values.put("node_count", report.nodeCount());
        if (withConnections) {
            values.put("connections", connectionList(true));
            values.put("secure_connections", List.of());
        }
    }

    private Map<String, Object> counters() {
        final ServerStats stats = frontEnd.stats();
        final MemberStatus status = report.status();
        final Map<String, Object> values = new LinkedHashMap<>();
        values.put("packets_sent", stats.sent());
        values.put("packets_received", stats.received());
        values.put("client_response_stats", replySizes());
        values.put("uptime", status.uptimeMs());
        values.put("server_state", report.mode());
        values.put("outstanding_requests", frontEnd.outstanding());
        values.put("min_latency", stats.latencies.minMs());
        values.put("avg_latency", stats.latencies.meanMs());
        values.put("max_latency", stats.latencies.maxMs());
        values.put("data_dir_size", status.snapshotBytes());
        values.put("log_dir_size", status.logBytes());
        values.put("last_processed_zxid", report.tree().lastZxid());
        values.put("num_alive_client_connections", frontEnd.connections().size());
        values.put("auth_failed_count", stats.authFailures());
        values.put("provider_null", false);
        return values;
    }

    private Map<String, Object> replySizes() {
        final ServerStats stats = frontEnd.stats();
        final Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("last_buffer_size", stats.lastReplyBytes());
        sizes.put("min_buffer_size", stats.minReplyBytes());
        sizes.put("max_buffer_size", stats.maxReplyBytes());
        return sizes;
    }

    /** The members that vote, as the tree's configuration node has them. */
    private void votingView(Map<String, @Nullable Object> values) {
        final Map<String, Object> view = new LinkedHashMap<>();
        report.members()
                .lines()
                .filter(line -> line.startsWith("server.") && line.contains(":participant"))
                .forEach(line -> {
                    final int equals = line.indexOf('=');
                    view.put(line.substring("server.".length(), equals), votingMember(line.substring(equals + 1)));
                });
        values.put("current_config", view);
    }

    private static Map<String, Object> votingMember(String line) {
        final String[] parts = line.split(";", 2);
        final List<String> servers = new ArrayList<>();
        final List<String> elections = new ArrayList<>();
        for (String address : parts[0].replace(":participant", "").split("\\|", -1)) {
            final int election = address.lastIndexOf(':');
            final int peer = address.lastIndexOf(':', election - 1);
            servers.add(address.substring(0, election));
            elections.add(address.substring(0, peer) + address.substring(election));
        }
        final Map<String, Object> member = new LinkedHashMap<>();
        member.put("server_addresses", servers);
        member.put("election_addresses", elections);
        member.put("client_address", parts.length == 2 ? parts[1] : "");
        member.put("learner_type", "participant");
        return member;
    }

    private void watchSummary(Map<String, @Nullable Object> values) {
        final var watches = frontEnd.replica().watches();
        values.put("num_connections", watches.watcherCount());
        values.put("num_paths", watches.pathCount());
        values.put("num_total_watches", watches.watchCount());
    }

    private void agreementState(Map<String, @Nullable Object> values) {
        final MemberStatus status = report.status();
        if (!report.isInQuorum()) {
            values.put("voting", false);
            values.put("zabstate", "");
            return;
        }
        values.put("myid", status.memberId());
        values.put("is_leader", report.isLeader());
        values.put("voting", status.role() != MemberStatus.Role.OBSERVER);
        values.put("last_zxid", "0x" + Long.toHexString(report.tree().lastZxid()));
        values.put("zab_epoch", status.epoch());
        values.put("zab_counter", report.tree().lastZxid());
        values.put("zabstate", report.agreementState());
    }
}
