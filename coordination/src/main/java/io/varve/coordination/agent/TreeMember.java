// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.QuorumEntry;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeEntry;
import io.varve.coordination.tree.TreeFormat;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.tree.WatchTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/**
 * One member's copy of the tree: applies the entries of the log, tells watches and those who wait, and keeps what is to be handed to the
 * leader.
 *
 * <p>Threading: confined to the member's thread.
 */
final class TreeMember implements TreeReplica {

    /** What a member's tree needs of the rest of the member. */
    interface Surroundings {
        /** Begins to ask the leader how far the log is committed; {@link #readReady} or {@link #readFailed} follows. */
        void askHowFar(long token);

        /** A session's client was heard of. */
        void heard(long sessionId);

        /** A command was applied, and its watches were told; who submitted it is told next. */
        void onApplied(TreeCommand command, TreeTransaction transaction);

        /** The tree was replaced by a later one; what happened in between was told to nobody. */
        void onRestored();

        boolean isServing();

        MemberStatus status();
    }

    /** Something that waits until this member has applied everything before an offset. */
    private record Reading(long offset, long token, Asking asked) {}

    private record Asking(Runnable caughtUp, Consumer<String> lost) {}

    private final Origin self;
    private final Surroundings surroundings;
    private final WatchTable watches = new WatchTable();
    private final Submissions submissions = new Submissions();
    private final Map<Long, Asking> asking = new HashMap<>();
    private final PriorityQueue<Reading> readings = new PriorityQueue<>((one, other) ->
            one.offset != other.offset ? Long.compare(one.offset, other.offset) : Long.compare(one.token, other.token));

    private TreeMachine machine;
    private long nextToken;

    /** First offset that is not applied. */
    private long appliedOffset;

    /** Epoch of the last leader whose first entry was applied. */
    private int startedEpoch;

    TreeMember(Origin self, long hashSeed, Surroundings surroundings) {
        this.self = self;
        this.machine = new TreeMachine(hashSeed);
        this.surroundings = surroundings;
    }

    /**
     * Takes over a machine that was restored from a snapshot. What this member's clients wait for may be in it or not: they are told that it
     * is lost.
     *
     * @param offset first offset that is not in the snapshot
     * @param epoch epoch of the last entry that is
     */
    void restored(TreeMachine restored, long offset, int epoch) {
        machine = restored;
        appliedOffset = offset;
        startedEpoch = Math.max(startedEpoch, epoch);
        submissions.lose("this member had fallen behind and began anew from a snapshot");
        surroundings.onRestored();
        tellReaders();
    }

    /** Applies the entries, which begin at {@link #appliedOffset}. */
    void apply(List<QuorumEntry> entries) {
        for (QuorumEntry entry : entries) {
            long offset = appliedOffset++;
            switch (entry.kind()) {
                case DATA -> apply(offset, CommandEntry.decode(entry.payload()));
                case EPOCH_START -> startedEpoch = entry.epoch();
                case MEMBERS -> {} // the quorum's own
            }
        }
        tellReaders();
    }

    private void apply(long offset, CommandEntry waited) {
        TreeEntry entry = TreeFormat.decode(waited.entry());
        TreeTransaction transaction = machine.apply(offset + 1, entry.timeMs(), entry.command());
        watches.trigger(transaction);
        surroundings.onApplied(entry.command(), transaction);
        if (waited.origin().equals(self)) {
            submissions.applied(waited.sequence(), transaction);
        }
    }

    private void tellReaders() {
        while (!readings.isEmpty() && readings.peek().offset() <= appliedOffset) {
            readings.remove().asked().caughtUp().run();
        }
    }

    long appliedOffset() {
        return appliedOffset;
    }

    int startedEpoch() {
        return startedEpoch;
    }

    Submissions submissions() {
        return submissions;
    }

    /** The answer to {@link Surroundings#askHowFar}. */
    void readReady(long token, long offset) {
        Asking asked = asking.remove(token);
        if (asked != null) {
            readings.add(new Reading(offset, token, asked));
            tellReaders();
        }
    }

    /** There was no leader to ask, or it lost its office meanwhile. */
    void readFailed(long token) {
        Asking asked = asking.remove(token);
        if (asked != null) {
            asked.lost().accept("no leader could tell how far the log is committed");
        }
    }

    /** The member stops: all who wait are told. */
    void lose(String reason) {
        submissions.lose(reason);
        List<Asking> waiting = new ArrayList<>(asking.values());
        readings.forEach(reading -> waiting.add(reading.asked()));
        asking.clear();
        readings.clear();
        waiting.forEach(asked -> asked.lost().accept(reason));
    }

    @Override
    public void submit(TreeCommand command, Submission submission) {
        if (command instanceof TreeCommand.AttachSession attach) {
            surroundings.heard(attach.sessionId()); // or its time could be up before it is attached
        }
        submissions.add(ByteBuffer.wrap(TreeFormat.encode(new TreeEntry(0, command))), submission);
    }

    @Override
    public void sync(Runnable caughtUp, Consumer<String> lost) {
        long token = nextToken++;
        asking.put(token, new Asking(caughtUp, lost));
        surroundings.askHowFar(token);
    }

    @Override
    public void heard(long sessionId) {
        surroundings.heard(sessionId);
    }

    @Override
    public TreeMachine tree() {
        return machine;
    }

    @Override
    public WatchTable watches() {
        return watches;
    }

    @Override
    public int memberId() {
        return self.member();
    }

    @Override
    public boolean isServing() {
        return surroundings.isServing();
    }

    @Override
    public MemberStatus status() {
        return surroundings.status();
    }
}
