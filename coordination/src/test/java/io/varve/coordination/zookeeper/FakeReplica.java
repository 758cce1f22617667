// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.tree.WatchTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * A quorum of one member in memory. It applies commands when told to, or at once; and it lets another member's commands in between.
 */
final class FakeReplica implements TreeReplica {

    private record Waiting(TreeCommand command, Submission submission) {}

    private final TreeMachine tree = new TreeMachine();
    private final WatchTable watches = new WatchTable();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Deque<Runnable> syncs = new ArrayDeque<>();
    final List<Long> heard = new ArrayList<>();
    private final boolean isManual;
    private ZooKeeperFrontEnd frontEnd;
    private MemberStatus.Role role = MemberStatus.Role.STANDALONE;
    private boolean isServing = true;
    private long timeMs = 1_700_000_000_000L;
    private long zxid;

    private FakeReplica(boolean isManual) {
        this.isManual = isManual;
    }

    /** Applies each command as it comes. */
    static FakeReplica immediate() {
        return new FakeReplica(false);
    }

    /** Applies commands when {@link #applyNext} or {@link #applyAll} is called. */
    static FakeReplica manual() {
        return new FakeReplica(true);
    }

    void attach(ZooKeeperFrontEnd newFrontEnd) {
        frontEnd = newFrontEnd;
    }

    @Override
    public void submit(TreeCommand command, Submission submission) {
        waiting.add(new Waiting(command, submission));
        if (!isManual) {
            applyAll();
        }
    }

    int waitingCount() {
        return waiting.size();
    }

    void applyNext() {
        final Waiting next = waiting.remove();
        final TreeTransaction transaction = applyNow(next.command);
        next.submission.applied(transaction);
    }

    void applyAll() {
        while (!waiting.isEmpty()) {
            applyNext();
        }
    }

    /** A command that nobody here waits for, as of another member or of the leader itself. */
    TreeTransaction applyNow(TreeCommand command) {
        final TreeTransaction transaction = tree.apply(++zxid, ++timeMs, command);
        watches.trigger(transaction);
        frontEnd.applied(command, transaction.result());
        return transaction;
    }

    void loseAll(String reason) {
        final List<Waiting> lost = new ArrayList<>(waiting);
        waiting.clear();
        lost.forEach(each -> each.submission.lost(reason));
    }

    @Override
    public void sync(Runnable caughtUp, Consumer<String> lost) {
        if (isManual) {
            syncs.add(caughtUp);
        } else {
            caughtUp.run();
        }
    }

    void syncNext() {
        syncs.remove().run();
    }

    boolean trySync() {
        if (syncs.isEmpty()) {
            return false;
        }
        syncNext();
        return true;
    }

    @Override
    public void heard(long sessionId) {
        heard.add(sessionId);
    }

    @Override
    public TreeMachine tree() {
        return tree;
    }

    @Override
    public WatchTable watches() {
        return watches;
    }

    @Override
    public int memberId() {
        return 1;
    }

    @Override
    public boolean isServing() {
        return isServing;
    }

    void serve(boolean serving) {
        isServing = serving;
    }

    void become(MemberStatus.Role newRole) {
        role = newRole;
    }

    void timeMs(long newTimeMs) {
        timeMs = newTimeMs;
    }

    @Override
    public MemberStatus status() {
        return new MemberStatus(1, role, 1, 7, tree.lastZxid(), 3, 1, 2, waiting.size(), 5, 2048, 4096, 12_345);
    }
}
