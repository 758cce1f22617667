// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import io.varve.broker.cli.QuorumMemberStatus.State;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a quorum said about themselves at about the same time, and what follows from it.
 *
 * <p>Threading: immutable.
 *
 * @param members at least one
 */
record QuorumStatus(List<QuorumMemberStatus> members) {

    /** Asks all members at once. */
    static QuorumStatus ask(List<QuorumMember> members, int timeoutMs) {
        final ExecutorService threads = Executors.newFixedThreadPool(members.size());
        try {
            final List<QuorumMemberStatus> answers = new ArrayList<>();
            for (Future<QuorumMemberStatus> answer : threads.invokeAll(members.stream()
                    .map(member -> (java.util.concurrent.Callable<QuorumMemberStatus>)
                            () -> QuorumMemberStatus.ask(member, timeoutMs))
                    .toList())) {
                answers.add(answer.get());
            }
            return new QuorumStatus(answers);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(CommandFailure.FAILED, "interrupted", e);
        } catch (ExecutionException e) {
            throw CommandFailure.of(e);
        } finally {
            threads.shutdownNow();
        }
    }

    /** The one leader, or null when there is none or more than one. */
    @Nullable
    QuorumMemberStatus leader() {
        final List<QuorumMemberStatus> leaders = in(State.LEADER);
        return leaders.size() == 1 ? leaders.get(0) : null;
    }

    /** Members with a vote: those that are known, or as many as one of them says that there are. */
    int voters() {
        final int known =
                (int) members.stream().filter(QuorumMemberStatus::isVoter).count();
        return Math.max(
                known,
                members.stream().mapToInt(QuorumMemberStatus::voters).max().orElse(0));
    }

    /** Voters that serve, leader and followers. */
    int serving() {
        return (int) members.stream().filter(QuorumMemberStatus::takesPart).count();
    }

    /** Voters that a majority needs. */
    int needed() {
        return voters() / 2 + 1;
    }

    /** Why this is no quorum that serves, in one line, or nothing when it is one. */
    String problem() {
        final List<QuorumMemberStatus> alone = in(State.STANDALONE);
        if (members.size() == 1 && alone.size() == 1) {
            return "";
        }
        if (!alone.isEmpty()) {
            return "not one quorum: " + names(alone) + " standalone; a member must have the server.N lines of all";
        }
        final List<QuorumMemberStatus> leaders = in(State.LEADER);
        if (leaders.size() > 1) {
            return "more than one leader: " + names(leaders)
                    + "; ask again, since all but one will step down when they hear no majority";
        }
        final String count = serving() + " of " + voters() + " voters " + (serving() == 1 ? "serves" : "serve") + ", "
                + needed() + (needed() == 1 ? " is" : " are") + " needed" + absent();
        if (leaders.isEmpty()) {
            return "no leader among those asked: " + count;
        }
        return serving() < needed() ? "no majority among those asked: " + count : "";
    }

    private String absent() {
        final List<QuorumMemberStatus> absent = members.stream()
                .filter(status -> status.isVoter() && !status.takesPart())
                .toList();
        return absent.isEmpty()
                ? "; name all members with -server or --config"
                : "; "
                        + absent.stream()
                                .map(status -> status.member() + " is "
                                        + status.state().text()
                                        + (status.note().isEmpty() ? "" : " (" + status.note() + ")"))
                                .collect(Collectors.joining(", "));
    }

    private List<QuorumMemberStatus> in(State state) {
        return members.stream().filter(status -> status.state() == state).toList();
    }

    private static String names(List<QuorumMemberStatus> members) {
        return members.stream().map(status -> status.member().toString()).collect(Collectors.joining(", "))
                + (members.size() == 1 ? " is" : " are");
    }

    /** One line a member; the column of their numbers only when they have some. */
    void printTable(PrintStream out) {
        final boolean hasIds =
                members.stream().anyMatch(status -> status.member().id() != null);
        final List<String> header = List.of(
                "id",
                "member",
                "state",
                "epoch",
                "zxid",
                "lag",
                "connections",
                "latency ms",
                "nodes",
                "version",
                "note");
        Printer.table(
                out,
                header.subList(hasIds ? 0 : 1, header.size()),
                members.stream()
                        .map(this::row)
                        .map(row -> row.subList(hasIds ? 0 : 1, row.size()))
                        .toList());
    }

    private List<String> row(QuorumMemberStatus status) {
        final QuorumMemberStatus leader = leader();
        return List.of(
                status.member().id() == null
                        ? "-"
                        : String.valueOf(status.member().id()),
                status.member().address().toString(),
                status.state().text(),
                shown(status.epoch()),
                status.zxid() < 0 ? "-" : "0x" + Long.toHexString(status.zxid()),
                leader == null ? "-" : shown(status.lag(leader)),
                shown(status.connections()),
                shown(status.latency()),
                shown(status.nodes()),
                shown(status.version()),
                status.note());
    }

    private static String shown(long value) {
        return value < 0 ? "-" : String.valueOf(value);
    }

    private static String shown(String value) {
        return value.isEmpty() ? "-" : value;
    }

    /** The same, and what follows from it; what a member did not say is null. */
    Map<String, Object> json() {
        final QuorumMemberStatus leader = leader();
        return object(
                "serves", problem().isEmpty(),
                "problem", problem().isEmpty() ? null : problem(),
                "leader", leader == null ? null : leader.member().address().toString(),
                "voters", voters(),
                "serving", serving(),
                "needed", needed(),
                "members", members.stream().map(status -> json(status, leader)).toList());
    }

    private static Map<String, Object> json(QuorumMemberStatus status, @Nullable QuorumMemberStatus leader) {
        return object(
                "id", status.member().id(),
                "address", status.member().address().toString(),
                "state", status.state().text(),
                "epoch", known(status.epoch()),
                "zxid", known(status.zxid()),
                "lag", leader == null ? null : known(status.lag(leader)),
                "connections", known(status.connections()),
                "latencyMs", status.latency().isEmpty() ? null : status.latency(),
                "nodes", known(status.nodes()),
                "version", status.version().isEmpty() ? null : status.version(),
                "note", status.note().isEmpty() ? null : status.note());
    }

    private static @Nullable Long known(long value) {
        return value < 0 ? null : value;
    }
}
