// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.session.SessionDeadlines;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps sessions alive whose clients are heard of, and lets the leader end those whose time is up. A member gathers what it has heard and
 * tells the leader from time to time; a new leader begins with the whole timeout of each session, since it knows of nothing before.
 *
 * <p>Threading: confined to the member's thread.
 */
final class SessionKeeper {

    private final TreeReplica replica;
    private final long reportNs;
    private final Consumer<List<Long>> report;
    private final Set<Long> heard = new LinkedHashSet<>();
    private @Nullable SessionDeadlines deadlines;
    private long reportAtNs;

    /**
     * A keeper at a member that does not lead.
     *
     * @param tickMs how often the leader is told, milliseconds; a part of the shortest timeout
     * @param report tells the leader
     */
    SessionKeeper(TreeReplica replica, int tickMs, Consumer<List<Long>> report) {
        this.replica = replica;
        this.reportNs = TimeUnit.MILLISECONDS.toNanos(Math.max(1, tickMs / 2));
        this.report = report;
    }

    /** The member leads from now on, and has applied everything that was committed before. */
    void lead(Collection<TreeSession> sessions, long nowNs) {
        SessionDeadlines begun = new SessionDeadlines(reportNs);
        sessions.forEach(session -> begun.add(session.id(), session.timeoutMs(), nowNs));
        deadlines = begun;
        heard.clear();
    }

    /** The member leads no more. */
    void follow() {
        deadlines = null;
    }

    boolean isLeading() {
        return deadlines != null;
    }

    /** A session's client was heard of, here or at another member. */
    void heard(long sessionId, long nowNs) {
        if (deadlines != null) {
            deadlines.heard(sessionId, nowNs);
        } else {
            heard.add(sessionId);
        }
    }

    /** A command was applied. */
    void applied(TreeCommand command, TreeResult result, long nowNs) {
        if (deadlines == null) {
            return;
        }
        if (result instanceof TreeResult.Opened opened) {
            deadlines.add(opened.sessionId(), opened.timeoutMs(), nowNs);
        } else if (result instanceof TreeResult.Attached attached) {
            deadlines.add(attached.sessionId(), attached.timeoutMs(), nowNs);
        } else if (command instanceof TreeCommand.CloseSession close) {
            deadlines.remove(close.sessionId());
        }
    }

    /** Ends sessions whose time is up, or tells the leader of those that were heard of. */
    void doWork(long nowNs) {
        if (deadlines != null) {
            for (long sessionId : deadlines.expired(nowNs)) {
                replica.submit(new TreeCommand.CloseSession(sessionId, true), Submission.UNATTENDED);
            }
        } else if (nowNs >= reportAtNs) {
            reportAtNs = nowNs + reportNs;
            if (!heard.isEmpty()) {
                report.accept(new ArrayList<>(heard));
                heard.clear();
            }
        }
    }

    /** When {@link #doWork} has something to do at the latest. */
    long nextDeadlineNs() {
        if (deadlines != null) {
            return deadlines.nextDeadlineNs();
        }
        return heard.isEmpty() ? Long.MAX_VALUE : reportAtNs;
    }
}
