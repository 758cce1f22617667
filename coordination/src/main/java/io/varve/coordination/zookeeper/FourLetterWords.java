// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.MemberStatus;
import java.util.Map;
import java.util.Set;

/**
 * ZooKeeper's four-letter words: text that tools and people read, line for line as ZooKeeper 3.9 prints it.
 *
 * <p>Threading: confined to the member's thread.
 */
final class FourLetterWords {

    static final Set<String> KNOWN = Set.of(
            "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "mntr", "ruok", "srst", "srvr",
            "stat", "stmk", "wchc", "wchp", "wchs");

    private static final String ALL = "*";

    private final ZooKeeperFrontEnd frontEnd;
    private final MemberReport report;

    FourLetterWords(ZooKeeperFrontEnd frontEnd) {
        this.frontEnd = frontEnd;
        this.report = new MemberReport(frontEnd);
    }

    String answer(String word) {
        if (!KNOWN.contains(word) || !isEnabled(word)) {
            return word + " is not executed because it is not in the whitelist.\n";
        }
        return switch (word) {
            case "ruok" -> "imok";
            case "envi" -> environment();
            case "gtmk", "stmk" -> word + " has no meaning here: this server has no trace mask.\n";
            case "isro" -> report.isServing() ? "rw" : "null";
            default -> report.isServing() ? answerServing(word) : MemberReport.NOT_SERVING + "\n";
        };
    }

    private boolean isEnabled(String word) {
        final Set<String> words = frontEnd.config().words();
        return words.contains(word) || words.contains(ALL) || FrontEndConfig.DEFAULT_WORDS.contains(word);
    }

    private String answerServing(String word) {
        final StringBuilder text = new StringBuilder();
        switch (word) {
            case "srvr" -> server(text, false);
            case "stat" -> server(text, true);
            case "mntr" ->
                report.monitorValues().forEach((key, value) -> text.append("zk_")
                        .append(key)
                        .append('\t')
                        .append(value)
                        .append('\n'));
            case "conf" -> configuration(text);
            case "cons" -> connections(text);
            case "crst" -> {
                frontEnd.resetConnectionStats();
                text.append("Connection stats reset.\n");
            }
            case "srst" -> {
                frontEnd.resetStats();
                text.append("Server stats reset.\n");
            }
            case "dirs" -> directories(text);
            case "dump" -> sessions(text);
            case "hash" ->
                text.append(Long.toHexString(report.tree().lastZxid()))
                        .append(": ")
                        .append(report.tree().digest())
                        .append('\n');
            case "wchs" -> watchSummary(text);
            case "wchc" -> watchesBySession(text);
            case "wchp" -> watchesByPath(text);
            default -> throw new IllegalStateException("a known word without an answer: word=" + word);
        }
        return text.toString();
    }

    private void server(StringBuilder text, boolean withConnections) {
        text.append("Zookeeper version: ").append(frontEnd.facts().version()).append('\n');
        if (withConnections) {
            text.append("Clients:\n");
            for (ClientConnection connection : frontEnd.connections()) {
                connection(text, connection, true);
            }
            text.append('\n');
        }
        final ServerStats stats = frontEnd.stats();
        final Latencies latencies = stats.latencies;
        text.append("Latency min/avg/max: ").append(latencies.minMs());
        text.append('/').append(latencies.meanMs()).append('/').append(latencies.maxMs());
        text.append("\nReceived: ").append(stats.received());
        text.append("\nSent: ").append(stats.sent());
        text.append("\nConnections: ").append(frontEnd.connections().size());
        text.append("\nOutstanding: ").append(frontEnd.outstanding());
        text.append("\nZxid: 0x").append(Long.toHexString(report.tree().lastZxid()));
        text.append("\nMode: ").append(report.mode());
        text.append("\nNode count: ").append(report.nodeCount()).append('\n');
        if (report.isLeader()) {
            text.append("Proposal sizes last/min/max: -1/-1/-1\n");
        }
        // Not ZooKeeper's, whose zxids show the epoch.
        text.append("Epoch: ").append(report.status().epoch()).append('\n');
    }

    /** Sizes stand behind their directories; the members of a quorum stand at the end. */
    private void configuration(StringBuilder text) {
        frontEnd.facts().configuration().get().forEach((key, value) -> {
            text.append(key).append('=').append(value).append('\n');
            if (key.equals("dataDir")) {
                text.append("dataDirSize=")
                        .append(report.status().snapshotBytes())
                        .append('\n');
            } else if (key.equals("dataLogDir")) {
                text.append("dataLogSize=").append(report.status().logBytes()).append('\n');
            }
        });
        if (report.isInQuorum()) {
            text.append("membership: \n").append(report.members());
        }
    }

    private void connections(StringBuilder text) {
        for (ClientConnection connection : frontEnd.connections()) {
            connection(text, connection, false);
        }
        text.append('\n');
    }

    private static void connection(StringBuilder text, ClientConnection connection, boolean brief) {
        final ConnectionStats stats = connection.stats();
        // The number in brackets is that of the operations a selector waits for; 1 is reading.
        text.append(' ').append(connection.peer()).append("[1](queued=").append(connection.outstanding());
        text.append(",recved=").append(stats.received()).append(",sent=").append(stats.sent());
        if (!brief && connection.sessionId() != 0) {
            text.append(",sid=0x").append(Long.toHexString(connection.sessionId()));
            text.append(",lop=").append(stats.lastOperation());
            text.append(",est=").append(stats.establishedMs);
            text.append(",to=").append(connection.timeoutMs());
            if (stats.lastXid() >= 0) {
                text.append(",lcxid=0x").append(Integer.toHexString(stats.lastXid()));
            }
            text.append(",lzxid=0x").append(Long.toHexString(stats.lastZxid()));
            text.append(",lresp=").append(stats.lastReplyMs());
            text.append(",llat=").append(stats.lastLatencyMs());
            text.append(",minlat=").append(stats.latencies.minMs());
            text.append(",avglat=").append(stats.latencies.wholeMeanMs());
            text.append(",maxlat=").append(stats.latencies.maxMs());
        }
        text.append(")\n");
    }

    private void directories(StringBuilder text) {
        final MemberStatus status = report.status();
        text.append("datadir_size: ").append(status.snapshotBytes());
        text.append("\nlogdir_size: ").append(status.logBytes()).append('\n');
    }

    private String environment() {
        final StringBuilder text = new StringBuilder("Environment:\n");
        frontEnd.facts().environment().get().forEach((key, value) -> text.append(key)
                .append('=')
                .append(value)
                .append('\n'));
        return text.toString();
    }

    private void sessions(StringBuilder text) {
        text.append("SessionTracker dump:\nGlobal Sessions(");
        text.append(report.tree().sessions().size()).append("):\n");
        report.tree().sessions().forEach(session -> text.append("0x")
                .append(Long.toHexString(session.id()))
                .append('\t')
                .append(session.timeoutMs())
                .append("ms\n"));
        final Map<Long, Set<String>> ephemerals = report.ephemerals();
        text.append("ephemeral nodes dump:\nSessions with Ephemerals (");
        text.append(ephemerals.size()).append("):\n");
        ephemerals.forEach((session, paths) -> {
            text.append("0x").append(Long.toHexString(session)).append(":\n");
            paths.forEach(path -> text.append('\t').append(path).append('\n'));
        });
        text.append("Connections dump:\n");
        for (ClientConnection connection : frontEnd.connections()) {
            text.append("\tip: ").append(connection.peer());
            text.append(" sessionId: 0x")
                    .append(Long.toHexString(connection.sessionId()))
                    .append('\n');
        }
    }

    private void watchSummary(StringBuilder text) {
        final var watches = frontEnd.replica().watches();
        text.append(watches.watcherCount()).append(" connections watching ");
        text.append(watches.pathCount()).append(" paths\nTotal watches:");
        text.append(watches.watchCount()).append('\n');
    }

    private void watchesBySession(StringBuilder text) {
        report.watchesBySession().forEach((session, paths) -> {
            text.append("0x").append(Long.toHexString(session)).append('\n');
            paths.forEach(path -> text.append('\t').append(path).append('\n'));
        });
        text.append('\n');
    }

    private void watchesByPath(StringBuilder text) {
        report.watchesByPath().forEach((path, sessions) -> {
            text.append(path).append('\n');
            sessions.forEach(session ->
                    text.append("\t0x").append(Long.toHexString(session)).append('\n'));
        });
        text.append('\n');
    }
}
