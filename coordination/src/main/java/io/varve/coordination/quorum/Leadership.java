// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.Fetch;
import io.varve.coordination.quorum.PeerMessage.FetchReply;
import io.varve.coordination.quorum.PeerMessage.FetchSnapshot;
import io.varve.coordination.quorum.PeerMessage.FetchSnapshotReply;
import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A member that leads: it appends, answers fetches, and commits what a majority has made durable, itself included when it votes.
 *
 * <p>Only an entry of the own epoch is committed by counting; all before it is committed with it. Source: Raft, section 5.4.2.
 *
 * <p>Threading: confined to the owner's thread.
 */
class Leadership {

    /** Observers that are answered; more are not, so that strangers cost no memory. */
    private static final int MAX_OBSERVERS = 256;

    private static final int OBSERVER_TIMEOUTS = 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final MemberState state;
    private final MemberChanges changes;
    private final ReadRounds reads = new ReadRounds();
    private final Map<MemberId, Progress> progress = new TreeMap<>();

    /** Whom a number stands for while the quorum is not founded: the first directory that was heard from. */
    private final Map<Integer, MemberId> firstHeard = new TreeMap<>();

    private final long startNs;
    private final long startOffset;

    /** Proposals that are not committed: end offset and bytes. */
    private final Deque<long[]> uncommitted = new ArrayDeque<>();

    private long uncommittedBytes;
    private long nextBeginNs;

    Leadership(MemberState state) {
        this.state = state;
        this.changes = new MemberChanges(state, this);
        this.startNs = state.nowNs();
        this.startOffset = state.log.endOffset();
        firstHeard.put(state.self().id(), state.self());
        append(QuorumEntry.Kind.EPOCH_START, List.of(NOTHING));
        makeKnown();
    }

    private long append(QuorumEntry.Kind kind, List<ByteBuffer> payloads) {
        long baseOffset = state.log.endOffset();
        List<QuorumEntry> entries = new ArrayList<>(payloads.size());
        payloads.forEach(payload -> entries.add(new QuorumEntry(state.epoch(), kind, payload)));
        state.append(entries);
        return baseOffset;
    }

    void appendMembers(QuorumMembers members) {
        append(QuorumEntry.Kind.MEMBERS, List.of(PeerMessageCodec.encodeMembers(members)));
    }

    MemberChanges changes() {
        return changes;
    }

    /** Whether an entry of this epoch is committed, so that the high watermark is certain and the voters may change. */
    boolean isEstablished() {
        return state.highWatermark() > startOffset;
    }

    // What voters have reached. A voter that was not heard from yet counts as heard from when this began.

    @Nullable
    Progress progressOf(Voter voter) {
        MemberId member = voter.isBound() || state.members().isFounded() ? voter.member() : firstHeard.get(voter.id());
        return member == null ? null : progress.get(member);
    }

    @Nullable
    MemberId firstHeard(int id) {
        return firstHeard.get(id);
    }

    private boolean isSelf(Voter voter) {
        return state.isSelf(voter) && state.isVoter();
    }

    private long flushedOffset(Voter voter) {
        if (isSelf(voter)) {
            return state.log.flushedOffset();
        }
        Progress of = progressOf(voter);
        return of == null ? 0 : of.flushedOffset;
    }

    private long heardNs(Voter voter) {
        if (isSelf(voter)) {
            return state.nowNs();
        }
        Progress of = progressOf(voter);
        return of == null ? startNs : of.heardNs;
    }

    /** The latest round that a voter has returned. */
    long round(Voter voter) {
        if (isSelf(voter)) {
            return Long.MAX_VALUE;
        }
        Progress of = progressOf(voter);
        return of == null ? 0 : of.round;
    }

    /** Whether a voter was heard from within the election timeout. */
    boolean isAlive(Voter voter) {
        return isSelf(voter)
                || (progressOf(voter) != null && heardNs(voter) + state.config.electionTimeoutNs() > state.nowNs());
    }

    // Fetches.

    void onFetch(Fetch fetch) {
        Progress from = heard(fetch.header().from());
        if (from == null) {
            return;
        }
        from.round = Math.max(from.round, fetch.round());
        from.unpark();
        long snapshotFrom = Math.max(fetch.snapshotFrom(), needsSnapshot(fetch.end()) ? state.log.startOffset() : -1);
        if (snapshotFrom >= 0 && offerSnapshot(from, fetch, snapshotFrom)) {
            return;
        }
        if (!needsSnapshot(fetch.end())) {
            if (!state.log.holds(fetch.end())) {
                reply(from, fetch, 0, state.log.endOf(fetch.end().epoch()), null, List.of());
                return;
            }
            long flushed = Math.min(fetch.flushedOffset(), fetch.end().offset());
            from.flushedOffset = Math.max(from.flushedOffset, flushed);
        }
        from.park(fetch, state.nowNs() + state.config.pollNs());
    }

    /** Whether a log that ends there cannot go on from this one: it ends, or diverges, before what is known here. */
    private boolean needsSnapshot(OffsetAndEpoch end) {
        EntryLog log = state.log;
        boolean knownNothingOf = log.startOffset() > 0 && log.endOf(end.epoch()).epoch() == 0;
        return end.offset() < log.startOffset() || knownNothingOf;
    }

    /** Names the latest snapshot to a member, when it reaches to where that can use it; asks for a newer one otherwise. */
    private boolean offerSnapshot(Progress to, Fetch fetch, long fromOffset) {
        QuorumSnapshot latest = state.snapshots.latest();
        if (latest == null || latest.end().offset() < fromOffset) {
            state.out.add(new QuorumAction.SnapshotWanted());
            return false;
        }
        reply(to, fetch, 0, null, latest.end(), List.of());
        return true;
    }

    private @Nullable Progress heard(MemberId member) {
        Progress from = progress.get(member);
        if (from == null) {
            if (progress.size() >= MAX_OBSERVERS && !state.members().isVoter(member)) {
                return null;
            }
            from = new Progress(member, state.nowNs());
            progress.put(member, from);
            if (!state.members().isFounded()) {
                firstHeard.putIfAbsent(member.id(), member);
            }
        }
        from.heardNs = state.nowNs();
        return from;
    }

    /** Names the high watermark only to a log that is a prefix of this one: what is in another must not be taken for committed. */
    private void reply(
            Progress to,
            Fetch fetch,
            long highWatermark,
            @Nullable OffsetAndEpoch diverging,
            @Nullable OffsetAndEpoch snapshot,
            List<QuorumEntry> entries) {
        to.unpark();
        state.out.send(
                to.member.id(),
                new FetchReply(
                        state.header(), fetch.number(), highWatermark, reads.send(), diverging, snapshot, entries));
    }

    private void answer() {
        for (Progress to : progress.values()) {
            Fetch fetch = to.parked;
            if (fetch == null) {
                continue;
            }
            boolean waitsForSnapshot = needsSnapshot(fetch.end());
            if (!waitsForSnapshot && (hasNews(to, fetch) || state.nowNs() >= to.parkedUntilNs)) {
                reply(to, fetch, state.highWatermark(), null, null, entriesFor(to, fetch));
            } else if (state.nowNs() >= to.parkedUntilNs) {
                reply(to, fetch, 0, null, null, List.of());
            }
        }
    }

    private List<QuorumEntry> entriesFor(Progress to, Fetch fetch) {
        long fromOffset = fetch.end().offset();
        List<QuorumEntry> entries =
                state.log.read(fromOffset, state.config.limits().fetchBytes());
        long most = Math.max(0, fetchableOffset(to) - fromOffset);
        return entries.size() <= most ? entries : entries.subList(0, (int) most);
    }

    /**
     * Up to where a member may fetch, exclusive. Who does not vote gets what is committed and nothing that may be taken back: with more it
     * would have to refuse its vote to those who count on it. Before the quorum is founded nobody knows who votes.
     */
    private long fetchableOffset(Progress to) {
        boolean all = state.members().isVoter(to.member) || !state.members().isFounded();
        return all ? state.log.endOffset() : state.highWatermark();
    }

    private boolean hasNews(Progress to, Fetch fetch) {
        return fetchableOffset(to) > fetch.end().offset()
                || state.highWatermark() > fetch.highWatermark()
                || reads.wants(fetch.round());
    }

    void onFetchSnapshot(FetchSnapshot fetch) {
        Progress from = heard(fetch.header().from());
        if (from == null) {
            return;
        }
        int maxBytes = Math.min(fetch.maxBytes(), state.config.limits().chunkBytes());
        QuorumSnapshots.Chunk chunk = state.snapshots.read(fetch.snapshot(), fetch.position(), maxBytes);
        state.out.send(
                from.member.id(),
                new FetchSnapshotReply(
                        state.header(),
                        fetch.snapshot(),
                        fetch.position(),
                        chunk == null ? -1 : chunk.fileBytes(),
                        chunk == null ? NOTHING : chunk.bytes()));
    }

    // Proposals and reads.

    void propose(List<ByteBuffer> payloads) {
        long bytes = payloads.stream().mapToLong(ByteBuffer::remaining).sum();
        if (!state.members().isFounded()) {
            refuse(QuorumAction.Refusal.NOT_FOUNDED);
        } else if (uncommittedBytes > 0
                && uncommittedBytes + bytes > state.config.limits().uncommittedBytes()) {
            refuse(QuorumAction.Refusal.BACK_PRESSURED);
        } else {
            long baseOffset = append(QuorumEntry.Kind.DATA, payloads);
            uncommitted.add(new long[] {state.log.endOffset(), bytes});
            uncommittedBytes += bytes;
            state.out.add(new QuorumAction.Proposed(baseOffset, state.epoch()));
        }
    }

    private void refuse(QuorumAction.Refusal reason) {
        state.out.add(new QuorumAction.ProposalRefused(reason, state.config.self()));
    }

    /** A read of another member, or of the own one when {@code from} is null. */
    void read(@Nullable MemberId from, long token) {
        if (reads.size() >= state.config.limits().reads()) {
            readDone(from, token, -1);
        } else {
            reads.add(from, token, Math.max(state.highWatermark(), startOffset + 1));
        }
    }

    private void readDone(@Nullable MemberId from, long token, long offset) {
        if (from != null) {
            state.out.send(from.id(), new PeerMessage.ReadIndexReply(state.header(), token, offset));
        } else if (offset < 0) {
            state.out.add(new QuorumAction.ReadFailed(token));
        } else {
            state.out.add(new QuorumAction.ReadReady(token, offset));
        }
    }

    // What follows from what has happened.

    /** Draws all conclusions from the step; whether it still leads. */
    boolean settle() {
        commit();
        changes.found();
        long round = state.members().reachedByMajority(this::round);
        for (ReadRounds.Waiting read = reads.poll(round, state.highWatermark());
                read != null;
                read = reads.poll(round, state.highWatermark())) {
            readDone(read.from(), read.token(), read.offset());
        }
        answer();
        boolean left = !state.isVoter() && state.highWatermark() > state.log.membersOffset();
        return !left;
    }

    private void commit() {
        long reached = state.members().reachedByMajority(this::flushedOffset);
        if (mayCommit(reached, startOffset)) {
            state.commitTo(reached);
        }
        while (!uncommitted.isEmpty() && uncommitted.peek()[0] <= state.highWatermark()) {
            uncommittedBytes -= uncommitted.remove()[1];
        }
    }

    /** Whether what a majority has may be committed: a leader of an earlier epoch may have thought of it otherwise. */
    boolean mayCommit(long reachedOffset, long epochStartOffset) {
        return reachedOffset > epochStartOffset;
    }

    /** Does what is due; whether a majority was heard from lately enough to lead on. Source: Raft (dissertation), section 6.2. */
    boolean onTick() {
        if (state.nowNs() >= quorumLostNs()) {
            return false;
        }
        if (state.nowNs() >= nextBeginNs) {
            makeKnown();
        }
        long forgottenNs = state.nowNs() - OBSERVER_TIMEOUTS * state.config.electionTimeoutNs();
        progress.values()
                .removeIf(of -> of.heardNs < forgottenNs && !state.members().isVoter(of.member));
        return true;
    }

    /** Who fetches under a number and does not vote; null when nobody does. */
    @Nullable
    MemberId observer(int id) {
        return progress.keySet().stream()
                .filter(member -> member.id() == id && !state.members().isVoter(member))
                .findFirst()
                .orElse(null);
    }

    /** How many others that do not vote are followed up. */
    int observers() {
        return (int) progress.keySet().stream()
                .filter(member -> !state.members().isVoter(member))
                .count();
    }

    /** How many other voters hold everything that is committed. */
    int followersInSync(long highWatermark) {
        return (int) progress.values().stream()
                .filter(other -> state.members().isVoter(other.member) && other.flushedOffset >= highWatermark)
                .count();
    }

    private long quorumLostNs() {
        return state.members().reachedByMajority(this::heardNs) + state.config.electionTimeoutNs();
    }

    /** Tells the voters that have not fetched who leads. */
    private void makeKnown() {
        long silentNs = state.nowNs() - state.config.resendNs();
        for (Voter voter : state.members().voters()) {
            boolean silent = heardNs(voter) <= silentNs || progressOf(voter) == null;
            if (!state.isSelf(voter) && silent) {
                state.out.send(voter.id(), new PeerMessage.BeginEpoch(state.header(), state.config.self()));
            }
        }
        nextBeginNs = state.nowNs() + state.config.resendNs();
    }

    long nextDeadlineNs() {
        long deadline = Math.min(quorumLostNs(), nextBeginNs);
        for (Progress of : progress.values()) {
            deadline = Math.min(deadline, of.parkedUntilNs);
        }
        return deadline;
    }

    /** Tells the others that it resigns, so that those that have most stand for election at once. */
    void resign() {
        List<Integer> successors = state.members().voters().stream()
                .filter(voter -> !state.isSelf(voter))
                .sorted(Comparator.comparingLong(this::flushedOffset).reversed())
                .map(Voter::id)
                .toList();
        for (Integer to : successors) {
            state.out.send(to, new PeerMessage.EndEpoch(state.header(), successors));
        }
    }

    /** Tells those who wait that they wait in vain. */
    void end() {
        for (ReadRounds.Waiting read = reads.pollAny(); read != null; read = reads.pollAny()) {
            readDone(read.from(), read.token(), -1);
        }
    }
}
