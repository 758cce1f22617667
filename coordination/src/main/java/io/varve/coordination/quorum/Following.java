// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.FetchReply;
import io.varve.coordination.quorum.PeerMessage.FetchSnapshotReply;
import io.varve.coordination.quorum.PeerMessage.ReadIndexReply;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A member that follows a leader, as voter or observer: it fetches, appends, forces and fetches again, which tells the leader that what it
 * has is durable. One fetch is under way at a time; an answer to an earlier one is not looked at.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Following {

    private final MemberState state;
    private final Voter leader;
    private final long patienceNs;
    private final Map<Long, Long> readDeadlines = new LinkedHashMap<>();
    private final SnapshotDownload download;

    private long heardNs;

    /** When a leader that seems to be gone is given up; {@link Long#MAX_VALUE} while nothing speaks against it. */
    private long goneNs = Long.MAX_VALUE;

    private int fetchNumber;
    private long fetchedFlushed;
    private boolean awaiting;
    private long nextFetchNs;
    private long nextJoinNs;
    private long round;

    Following(MemberState state, Voter leader) {
        this.state = state;
        this.leader = leader;
        this.download = new SnapshotDownload(state, leader.id());
        this.heardNs = state.nowNs();
        this.patienceNs = state.randomDeadlineNs(state.config.electionTimeoutNs()) - state.nowNs();
        this.nextJoinNs = state.nowNs();
        fetch();
    }

    Voter leader() {
        return leader;
    }

    boolean leadBy(MemberId member) {
        return leader.member().equals(member);
    }

    /** The leader lives. */
    void heard() {
        heardNs = state.nowNs();
        goneNs = Long.MAX_VALUE;
    }

    /** The leader seems to be gone: nobody needs to wait until it has been silent for long. */
    void suspect() {
        if (goneNs == Long.MAX_VALUE) {
            goneNs = state.suspicionNs();
        }
    }

    /** Whether the leader was heard from so lately that no other may be elected. Source: Raft (dissertation), section 4.2.3. */
    boolean trustsLeader() {
        return goneNs == Long.MAX_VALUE && state.nowNs() - heardNs < state.config.electionTimeoutNs();
    }

    boolean hasGivenUp() {
        return state.nowNs() >= giveUpNs();
    }

    private long giveUpNs() {
        return Math.min(heardNs + patienceNs, goneNs);
    }

    private void fetch() {
        EntryLog log = state.log;
        fetchNumber = state.nextFetchNumber();
        fetchedFlushed = log.flushedOffset();
        awaiting = true;
        nextFetchNs = state.nowNs() + state.config.resendNs();
        state.out.send(
                leader.id(),
                new PeerMessage.Fetch(
                        state.header(),
                        fetchNumber,
                        log.end(),
                        log.flushedOffset(),
                        state.highWatermark(),
                        round,
                        state.snapshotFrom()));
    }

    void onFetchReply(FetchReply reply) {
        heard();
        if (!awaiting || reply.number() != fetchNumber) {
            return;
        }
        awaiting = false;
        round = Math.max(round, reply.round());
        if (reply.snapshot() != null) {
            download.begin(reply.snapshot());
        } else if (reply.diverging() != null) {
            truncateTo(state.log.truncationPoint(reply.diverging()));
        } else {
            append(reply);
        }
        goOn();
    }

    private void truncateTo(long offset) {
        EntryLog log = state.log;
        if (offset < state.highWatermark()) {
            throw new IllegalStateException("the leader does not hold what is committed: leader=" + leader.member()
                    + ", epoch=" + state.epoch() + ", end=" + log.end() + ", truncationPoint=" + offset
                    + ", highWatermark=" + state.highWatermark());
        }
        QuorumMembers before = log.members();
        log.truncateTo(offset);
        if (!before.equals(log.members())) {
            state.out.add(new QuorumAction.MembersChanged(log.members()));
        }
    }

    private void append(FetchReply reply) {
        if (!reply.entries().isEmpty()) {
            state.append(reply.entries());
        }
        state.commitTo(Math.min(reply.highWatermark(), state.log.endOffset()));
    }

    /** Fetches on at once when all is durable; otherwise when it is, or after a while, so that the leader hears of this member. */
    private void goOn() {
        boolean busy = download.isActive() || state.log.flushedOffset() < state.log.endOffset();
        if (busy) {
            nextFetchNs = state.nowNs() + state.config.pollNs();
        } else {
            fetch();
        }
    }

    void onForced() {
        if (!download.isActive() && state.log.flushedOffset() > fetchedFlushed) {
            fetch();
        }
    }

    void onFetchSnapshotReply(FetchSnapshotReply reply) {
        heard();
        download.onReply(reply);
        if (!download.isActive()) {
            fetch();
        }
    }

    /** The snapshot was installed, or was rejected. */
    void onSnapshot() {
        fetch();
    }

    void read(long token) {
        if (readDeadlines.size() >= state.config.limits().reads()) {
            state.out.add(new QuorumAction.ReadFailed(token));
            return;
        }
        readDeadlines.put(token, state.nowNs() + state.config.electionTimeoutNs());
        state.out.send(leader.id(), new PeerMessage.ReadIndex(state.header(), token));
    }

    void onReadIndexReply(ReadIndexReply reply) {
        heard();
        if (readDeadlines.remove(reply.token()) != null) {
            state.out.add(
                    reply.offset() < 0
                            ? new QuorumAction.ReadFailed(reply.token())
                            : new QuorumAction.ReadReady(reply.token(), reply.offset()));
        }
    }

    void onTick() {
        download.onTick();
        if (state.nowNs() >= nextFetchNs) {
            fetch();
        }
        if (state.nowNs() >= joinNs()) {
            nextJoinNs = state.nowNs() + state.config.resendNs();
            state.out.send(leader.id(), new PeerMessage.AddMember(state.header(), state.config.self()));
        }
        Iterator<Map.Entry<Long, Long>> reads = readDeadlines.entrySet().iterator();
        while (reads.hasNext()) {
            Map.Entry<Long, Long> read = reads.next();
            if (read.getValue() > state.nowNs()) {
                break;
            }
            reads.remove();
            state.out.add(new QuorumAction.ReadFailed(read.getKey()));
        }
    }

    /** When to ask to be made a voter, or to be known under other addresses, if ever. */
    private long joinNs() {
        boolean caughtUp = !state.lacksMachine()
                && state.highWatermark() > 0
                && state.log.flushedOffset() >= state.highWatermark();
        return caughtUp && (state.wantsToJoin() || state.hasMoved()) ? nextJoinNs : Long.MAX_VALUE;
    }

    long nextDeadlineNs() {
        long firstRead = readDeadlines.isEmpty()
                ? Long.MAX_VALUE
                : readDeadlines.values().iterator().next();
        return Math.min(
                Math.min(giveUpNs(), nextFetchNs), Math.min(Math.min(joinNs(), firstRead), download.nextDeadlineNs()));
    }

    /** Tells those who wait for the leader that they wait in vain. */
    void end() {
        readDeadlines.keySet().forEach(token -> state.out.add(new QuorumAction.ReadFailed(token)));
        readDeadlines.clear();
    }
}
