// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one member said about itself in answer to srvr and mntr, or why it said nothing.
 *
 * <p>Threading: immutable.
 *
 * @param note what more there is to say about the state, or nothing
 * @param fields the lines of srvr by their names; none unless it serves
 * @param voters how many members have a vote, from mntr, or 0 when it does not tell
 */
record QuorumMemberStatus(QuorumMember member, State state, String note, Map<String, String> fields, int voters) {

    /** What a member is to the others. */
    enum State {
        LEADER,
        FOLLOWER,
        OBSERVER,
        STANDALONE,
        READ_ONLY,
        NOT_SERVING,
        UNREACHABLE,
        /** It answers, but not so that one could know. */
        UNKNOWN;

        /** As ZooKeeper writes it. */
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', this == READ_ONLY ? '-' : ' ');
        }

        private static State ofMode(@Nullable String mode) {
            for (State state : values()) {
                if (state.text().equals(mode)) {
                    return state;
                }
            }
            return UNKNOWN;
        }
    }

    /** Asks a member; this never fails. */
    static QuorumMemberStatus ask(QuorumMember member, int timeoutMs) {
        final String srvr;
        try {
            srvr = FourLetterWord.ask(member.address(), "srvr", timeoutMs);
        } catch (IOException e) {
            return silent(member, State.UNREACHABLE, ServerAddress.words(e, timeoutMs));
        }
        return of(member, srvr, monitor(member, timeoutMs));
    }

    /** Many servers do not allow it: nothing then. */
    private static String monitor(QuorumMember member, int timeoutMs) {
        try {
            return FourLetterWord.ask(member.address(), "mntr", timeoutMs);
        } catch (IOException e) {
            return "";
        }
    }

    /** Reads the answers. */
    static QuorumMemberStatus of(QuorumMember member, String srvr, String mntr) {
        if (srvr.contains("not currently serving requests")) {
            return silent(member, State.NOT_SERVING, "");
        }
        if (srvr.contains("not in the whitelist")) {
            return silent(member, State.UNKNOWN, "its 4lw.commands.whitelist does not have srvr");
        }
        final Map<String, String> fields = fields(srvr, ": ");
        final State state = State.ofMode(fields.get("Mode"));
        if (state == State.UNKNOWN) {
            return silent(member, state, "no answer to srvr; is this the port of the clients, without TLS?");
        }
        final int voters = (int) number(fields(mntr, "\t").get("zk_quorum_size"), 0);
        return new QuorumMemberStatus(member, state, "", fields, voters);
    }

    private static QuorumMemberStatus silent(QuorumMember member, State state, String note) {
        return new QuorumMemberStatus(member, state, note, Map.of(), 0);
    }

    private static Map<String, String> fields(String answer, String separator) {
        final Map<String, String> fields = new HashMap<>();
        for (String line : answer.split("\\R", -1)) {
            final int end = line.indexOf(separator);
            if (end > 0) {
                fields.put(line.substring(0, end), line.substring(end + separator.length()));
            }
        }
        return Map.copyOf(fields);
    }

    /** Whether it votes, by its own word or else by the configuration. */
    boolean isVoter() {
        return state != State.OBSERVER && !member.isObserver();
    }

    /** Whether it serves as a voter of a quorum. */
    boolean takesPart() {
        return state == State.LEADER || state == State.FOLLOWER;
    }

    /** Of the last transaction that it applied, or -1 when it does not say. */
    long zxid() {
        return number(fields.get("Zxid"), -1);
    }

    /** Of the leader that it follows or is, or -1 when it does not say. A server of Apache has it in the zxid. */
    long epoch() {
        final long zxid = zxid();
        return saysEpoch() || zxid < 0 ? number(fields.get("Epoch"), -1) : zxid >>> 32;
    }

    private boolean saysEpoch() {
        return fields.containsKey("Epoch");
    }

    /**
     * How many transactions it is behind the leader, as of the moments at which both answered, or -1 when that cannot
     * be said: where the epoch is part of the zxid, zxids of two epochs have no distance.
     */
    long lag(QuorumMemberStatus leader) {
        final boolean comparable = zxid() >= 0 && leader.zxid() >= 0 && (saysEpoch() || epoch() == leader.epoch());
        return comparable ? Math.max(0, leader.zxid() - zxid()) : -1;
    }

    long connections() {
        return number(fields.get("Connections"), -1);
    }

    long nodes() {
        return number(fields.get("Node count"), -1);
    }

    /** Least, average and most milliseconds of a request, as {@code 0/0.5/12}, or nothing. */
    String latency() {
        return fields.getOrDefault("Latency min/avg/max", "");
    }

    /** Without the place and the day of the build, or nothing. */
    String version() {
        return fields.getOrDefault("Zookeeper version", "").replaceFirst("(-[0-9a-f]{40})?(,.*)?$", "");
    }

    private static long number(@Nullable String text, long otherwise) {
        try {
            return text == null ? otherwise : Long.decode(text.strip());
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
