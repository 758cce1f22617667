// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.PeerMessage;
import io.varve.coordination.quorum.QuorumAction;
import io.varve.coordination.quorum.QuorumEntry;
import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumMember;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.Role;
import io.varve.coordination.quorum.Voter;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member at work: hands events to its quorum machine, carries out what that asks for, and applies what is committed to its tree.
 *
 * <pre>
 *   frames of peers ---> events --> QuorumMember --> actions ---> peers, log, votes, snapshots
 *   commands of clients --^              |
 *        (Submissions)                   +-- committed --> TreeMember --> watches, replies
 * </pre>
 *
 * <p>Threading: confined to the member's thread.
 */
final class Member {

    /** What is handed over at a time, to the leader's log or in a message to the leader. */
    private static final int HAND_OVER_BYTES = 256 << 10;

    /** What is read from the log at a time to be applied. */
    private static final int APPLY_BYTES = 1 << 20;

    /** A command that this leader is about to propose. */
    private record Ordered(Origin origin, long sequence, ByteBuffer payload) {}

    private final MemberParts parts;
    private final Origin self;
    private final TreeMember tree;
    private final QuorumMember quorum;
    private final long resendNs;
    private final Deque<QuorumEvent> events = new ArrayDeque<>();
    private final List<Ordered> ordered = new ArrayList<>();

    private Role role = Role.UNATTACHED;
    private int epoch;
    private @Nullable Voter leader;
    private QuorumMembers members;
    private ForwardGate gate = new ForwardGate();
    private long highWatermark;
    private long lastTimeMs;

    private boolean moreToWrite;

    /** When what was handed over and is not applied is handed over again. */
    private long resendAtNs = Long.MAX_VALUE;

    Member(MemberParts parts, TreeMember tree, QuorumMember quorum, Origin self, long electionTimeoutNs) {
        this.parts = parts;
        this.tree = tree;
        this.quorum = quorum;
        this.self = self;
        this.resendNs = electionTimeoutNs / 2;
        this.members = quorum.members();
    }

    /** Something has happened; {@link #doWork} does what follows from it. */
    void on(QuorumEvent event) {
        events.add(event);
    }

    /** Does what is to be done at this time. */
    void doWork() {
        long nowNs = parts.clocks().nanos().getAsLong();
        if (quorum.nextDeadlineNs() <= nowNs) {
            events.add(new QuorumEvent.Tick());
        }
        if (resendAtNs <= nowNs) {
            tree.submissions().handOverAgain();
            resendAtNs = Long.MAX_VALUE;
        }
        step();
        handOver(nowNs);
        propose();
        apply(nowNs);
        takeSnapshot();
    }

    private void takeSnapshot() {
        if (parts.snapshots().isDue() && tree.appliedOffset() > 0) {
            parts.snapshots().begin(quorum.snapshotAt(tree.appliedOffset()), tree.tree());
        }
        moreToWrite = parts.snapshots().doWork();
    }

    /** Whether {@link #doWork} should be called again without waiting for anything. */
    boolean hasMoreToDo() {
        // What was applied last may have been the start of the leader's epoch, for which commands have waited.
        return moreToWrite
                || !events.isEmpty()
                || (isSettled() && tree.submissions().hasWaiting());
    }

    /** When {@link #doWork} must be called at the latest, nanoseconds of the member's clock. */
    long nextDeadlineNs() {
        return Math.min(quorum.nextDeadlineNs(), resendAtNs);
    }

    private void step() {
        for (QuorumEvent event = events.poll(); event != null; event = events.poll()) {
            for (QuorumAction action : quorum.step(event, parts.clocks().nanos().getAsLong())) {
                carryOut(action);
            }
        }
    }

    private void carryOut(QuorumAction action) {
        if (action instanceof QuorumAction.Send send) {
            parts.peers().send(send.to(), send.message());
        } else if (action instanceof QuorumAction.ForceLog) {
            parts.forcer().ask();
        } else if (action instanceof QuorumAction.Committed committed) {
            highWatermark = committed.highWatermark();
        } else if (action instanceof QuorumAction.StoreVote store) {
            parts.files().store(store.vote());
            events.add(new QuorumEvent.VoteStored(store.vote()));
        } else if (action instanceof QuorumAction.Forwarded forwarded) {
            forwarded.payloads().forEach(payload -> forwarded(forwarded.from().id(), payload));
        } else if (action instanceof QuorumAction.ReadReady ready) {
            tree.readReady(ready.token(), ready.offset());
        } else if (action instanceof QuorumAction.ReadFailed failed) {
            tree.readFailed(failed.token());
        } else if (action instanceof QuorumAction.RoleChanged changed) {
            onRole(changed);
        } else if (action instanceof QuorumAction.MembersChanged changed) {
            members = changed.members();
            parts.peers().locate(members.voters());
        } else if (action instanceof QuorumAction.ChangeAnswered answered) {
            parts.listener().onChangeAnswered(answered);
        } else if (action instanceof QuorumAction.SnapshotWanted) {
            parts.snapshots().want();
        } else if (action instanceof QuorumAction.InstallSnapshot install) {
            events.add(parts.snapshots().install(install.end(), tree));
        } else if (action instanceof QuorumAction.ProposalRefused) {
            tree.submissions().handOverAgain(); // forwarded to nobody: the leader is about to change
        }
    }

    private void onRole(QuorumAction.RoleChanged changed) {
        boolean newEpoch = changed.epoch() != epoch;
        if (leader != null && changed.leader() == null && role == Role.FOLLOWER) {
            parts.peers().drop(leader.id()); // its link may be dead without anybody having told
        }
        role = changed.role();
        epoch = changed.epoch();
        leader = changed.leader();
        if (newEpoch) {
            tree.submissions().handOverAgain();
            resendAtNs = Long.MAX_VALUE;
        }
        if (role == Role.LEADER) {
            gate = new ForwardGate();
        }
        if (leader != null) {
            parts.peers().locate(List.of(leader));
        }
        parts.listener().onRole(role, epoch, leader);
    }

    /**
     * Whether commands may be handed to the leader: it is known, and everything that the log holds of earlier epochs has been applied, so
     * that it is known of each command whether it is among that.
     */
    boolean isSettled() {
        return leader != null && tree.startedEpoch() == epoch;
    }

    private void handOver(long nowNs) {
        while (isSettled() && tree.submissions().hasWaiting()) {
            long oldest = tree.submissions().oldest();
            List<Submissions.Pending> pending = tree.submissions().handOver(HAND_OVER_BYTES);
            ForwardMessage.Commands commands = new ForwardMessage.Commands(
                    self.incarnation(),
                    oldest,
                    pending.get(0).sequence(),
                    pending.stream().map(Submissions.Pending::command).toList());
            if (role == Role.LEADER) {
                order(self.member(), commands);
            } else {
                on(new QuorumEvent.Forward(List.of(commands.encode())));
            }
            resendAtNs = Math.min(resendAtNs, nowNs + resendNs);
        }
        step();
    }

    private void forwarded(int member, ByteBuffer payload) {
        ForwardMessage message = ForwardMessage.decode(payload);
        if (message instanceof ForwardMessage.Heard heard) {
            parts.listener().onHeard(heard.sessionIds());
        } else if (message instanceof ForwardMessage.Commands commands && role == Role.LEADER) {
            order(member, commands);
        }
    }

    private void order(int member, ForwardMessage.Commands commands) {
        Origin origin = new Origin(member, commands.incarnation());
        List<ByteBuffer> entries = commands.commands();
        int skipped = gate.skip(origin, commands.oldest(), commands.first(), entries.size());
        for (int i = skipped; i < entries.size(); i++) {
            long sequence = commands.first() + i;
            lastTimeMs = Math.max(lastTimeMs, parts.clocks().wallMs().getAsLong());
            ordered.add(new Ordered(
                    origin, sequence, new CommandEntry(origin, sequence, entries.get(i)).encode(lastTimeMs)));
        }
    }

    /** Proposes what was gathered, as one batch of the log. */
    private void propose() {
        if (ordered.isEmpty()) {
            return;
        }
        List<Ordered> batch = List.copyOf(ordered);
        ordered.clear();
        QuorumEvent.Propose proposal =
                new QuorumEvent.Propose(batch.stream().map(Ordered::payload).toList());
        for (QuorumAction action : quorum.step(proposal, parts.clocks().nanos().getAsLong())) {
            if (action instanceof QuorumAction.ProposalRefused) {
                batch.forEach(refused -> gate.refused(refused.origin(), refused.sequence()));
            } else {
                carryOut(action);
            }
        }
        step();
    }

    private void apply(long nowNs) {
        boolean any = false;
        while (tree.appliedOffset() < highWatermark) {
            List<QuorumEntry> entries = parts.files().log().read(tree.appliedOffset(), APPLY_BYTES);
            long most = highWatermark - tree.appliedOffset();
            List<QuorumEntry> committed = entries.size() <= most ? entries : entries.subList(0, (int) most);
            tree.apply(committed);
            parts.snapshots()
                    .applied(
                            committed.size(),
                            committed.stream().mapToLong(QuorumEntry::sizeBytes).sum());
            any = true;
        }
        if (any) {
            resendAtNs = tree.submissions().hasHandedOver() ? nowNs + resendNs : Long.MAX_VALUE;
        }
    }

    /** Sends a message to the leader, if it is another member. */
    void tellLeader(ForwardMessage message) {
        if (leader != null && role != Role.LEADER) {
            on(new QuorumEvent.Forward(List.of(message.encode())));
        }
    }

    void received(PeerMessage message) {
        on(new QuorumEvent.Received(message));
    }

    Role role() {
        return role;
    }

    int epoch() {
        return epoch;
    }

    @Nullable
    Voter leader() {
        return leader;
    }

    QuorumMembers members() {
        return members;
    }

    long highWatermark() {
        return highWatermark;
    }

    boolean isVoter() {
        return quorum.isVoter();
    }

    int observers() {
        return quorum.observers();
    }

    int followersInSync() {
        return quorum.followersInSync();
    }
}
