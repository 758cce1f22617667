// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.Header;
import io.varve.replication.OffsetAndEpoch;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * What all roles of a member share.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class MemberState {

    final QuorumConfig config;
    final EntryLog log;
    final QuorumSnapshots snapshots;
    final RandomGenerator random;
    final Outbox out = new Outbox();

    private StoredVote vote;
    private long nowNs;
    private long highWatermark;
    private boolean lacksMachine;
    private boolean forcing;
    private boolean installing;
    private boolean heardOfCluster;
    private boolean wasVoter;
    private int fetchNumber;
    private long rejectedOffset;
    private long rejectedUntilNs;

    MemberState(QuorumConfig config, QuorumPorts ports, StoredVote stored) {
        this.config = config;
        this.snapshots = ports.snapshots();
        this.random = ports.random();
        this.log = new EntryLog(ports.log(), snapshots, config.bootstrap());
        int seen = log.end().epoch();
        this.vote = seen > stored.epoch() ? new StoredVote(seen, null) : stored;
        QuorumSnapshot latest = snapshots.latest();
        long restored = latest == null ? 0 : latest.end().offset();
        this.lacksMachine = restored < log.startOffset();
        this.highWatermark = lacksMachine ? 0 : restored;
        this.fetchNumber = random.nextInt(); // a late answer to an earlier process is not taken for one to this
        noteOwnVote();
    }

    void begin(long nowNs) {
        if (nowNs < this.nowNs) {
            throw new IllegalArgumentException("time goes back: nowNs=" + nowNs + ", before=" + this.nowNs);
        }
        this.nowNs = nowNs;
    }

    long nowNs() {
        return nowNs;
    }

    MemberId self() {
        return config.self().member();
    }

    boolean isSelf(Voter voter) {
        return voter.id() == self().id();
    }

    int epoch() {
        return vote.epoch();
    }

    StoredVote vote() {
        return vote;
    }

    void vote(StoredVote next) {
        if (next.epoch() < vote.epoch()) {
            throw new IllegalStateException("epoch goes back: epoch=" + next.epoch() + ", before=" + vote.epoch());
        }
        vote = next;
        out.store(next);
    }

    QuorumMembers members() {
        return log.members();
    }

    boolean isVoter() {
        return members().isVoter(self());
    }

    /**
     * Whether it votes, or did until a change that may be taken back. One that has removed itself may hold more than all others, and then
     * nobody but it can be elected. Source: Raft (dissertation), section 4.2.2.
     */
    boolean mayStand() {
        return isVoter() || log.membersAt(highWatermark).isVoter(self());
    }

    /** Whether it should be a voter, and never was one: what was removed does not come back by itself. */
    boolean wantsToJoin() {
        return config.joins() && !wasVoter && !isVoter();
    }

    /** Whether it is a voter that others look for elsewhere. */
    boolean hasMoved() {
        Voter known = members().voter(self().id());
        return known != null
                && known.member().equals(self())
                && !known.addresses().equals(config.self().addresses());
    }

    long highWatermark() {
        return highWatermark;
    }

    /** Only the committed cluster id is certain: that of a leader that failed to found the quorum may be taken back. */
    UUID clusterId() {
        return log.membersAt(highWatermark).clusterId();
    }

    Header header() {
        return new Header(clusterId(), epoch(), self());
    }

    /** Whether there is no machine, and no snapshot to make one from, that the log could be applied to. */
    boolean lacksMachine() {
        return lacksMachine;
    }

    /** The smallest offset at which a snapshot is of use, -1 when none is asked for beside what the log needs. */
    long snapshotFrom() {
        long wanted = lacksMachine ? log.startOffset() : -1;
        return nowNs < rejectedUntilNs ? Math.max(wanted, rejectedOffset + 1) : wanted;
    }

    /**
     * A snapshot that came from another member was damaged. For a while none but a newer one is wanted, which lets the other write its
     * snapshot anew: the damage may be there.
     */
    void rejected(OffsetAndEpoch snapshot) {
        installing = false;
        rejectedOffset = snapshot.offset();
        rejectedUntilNs = nowNs + config.electionTimeoutNs();
    }

    void commitTo(long offset) {
        if (offset > highWatermark) {
            highWatermark = offset;
            noteOwnVote();
            if (!lacksMachine) {
                out.add(new QuorumAction.Committed(offset));
            }
        }
    }

    /** Appends, and tells when the voters are others from here on. */
    void append(List<QuorumEntry> entries) {
        long before = log.membersOffset();
        log.append(entries);
        if (log.membersOffset() != before) {
            out.add(new QuorumAction.MembersChanged(log.members()));
        }
    }

    /** A member of a founded quorum was heard from. */
    void heardOfCluster() {
        heardOfCluster = true;
    }

    boolean hasHeardOfCluster() {
        return heardOfCluster;
    }

    private void noteOwnVote() {
        QuorumMembers committed = log.membersAt(highWatermark);
        wasVoter |= committed.isFounded() && committed.isVoter(self());
    }

    /** A snapshot is here; none other is fetched until the owner has done with it, whoever leads by then. */
    void install(OffsetAndEpoch snapshot) {
        installing = true;
        out.add(new QuorumAction.InstallSnapshot(snapshot));
    }

    boolean isInstalling() {
        return installing;
    }

    void installed(QuorumSnapshot snapshot) {
        installing = false;
        if (snapshot.end().offset() < log.startOffset()) {
            return;
        }
        log.install(snapshot);
        lacksMachine = false;
        highWatermark = Math.max(highWatermark, snapshot.end().offset());
        noteOwnVote();
        out.add(new QuorumAction.Committed(highWatermark));
        out.add(new QuorumAction.MembersChanged(members()));
    }

    void forced() {
        forcing = false;
    }

    void forceIfNeeded() {
        if (!forcing && log.flushedOffset() < log.endOffset()) {
            forcing = true;
            out.add(new QuorumAction.ForceLog());
        }
    }

    int nextFetchNumber() {
        return ++fetchNumber;
    }

    /** When to act on the suspicion that the leader is gone: soon, and not all members at the same time. */
    long suspicionNs() {
        return nowNs + random.nextLong(config.electionTimeoutNs() / 8);
    }

    /** A time between one and two times a duration from now, so that members do not all act at once. */
    long randomDeadlineNs(long durationNs) {
        return nowNs + durationNs + random.nextLong(durationNs);
    }
}
