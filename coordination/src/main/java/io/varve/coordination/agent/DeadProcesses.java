// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.TreeSession;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

/**
 * Finds at the leader that the process of another member has died, so that nobody waits for the sessions in that process to expire:
 * where it listened for members connections are refused. A machine that does not answer proves nothing, and neither does a process that
 * is halted; their sessions expire in their time.
 *
 * <p>Threading: confined to the member's thread, which does not wait for the network.
 */
final class DeadProcesses {

    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Surroundings surroundings;
    private final Executor prober;
    private final IntPredicate refuses;
    private final Set<Integer> probed = new HashSet<>();
    private long lookAtNs = Long.MAX_VALUE;

    /** What this member knows, and does. */
    interface Surroundings {

        /** All sessions. */
        Collection<TreeSession> sessions();

        /** Whether a member may be alive for all that is known here: it is this one, or there is a link to it. */
        boolean isLinked(int member);

        /** Runs work on the member's thread. */
        void onThread(Runnable work);

        /** Ends sessions. */
        void end(List<Long> sessionIds);
    }

    /**
     * @param prober runs what may wait for the network
     * @param refuses whether every address of a member refuses connections
     */
    DeadProcesses(Surroundings surroundings, Executor prober, IntPredicate refuses) {
        this.surroundings = surroundings;
        this.prober = prober;
        this.refuses = refuses;
    }

    /** A link has broken, or this member has begun to lead. */
    void suspect(long nowNs) {
        lookAtNs = nowNs;
    }

    /** Looks at the members that are suspected; to be called while this member leads. */
    void doWork(long nowNs) {
        if (nowNs < lookAtNs) {
            return;
        }
        lookAtNs = Long.MAX_VALUE;
        // Those of later processes are not among them, whatever the probe takes.
        TreeMap<Integer, Set<Long>> suspects = new TreeMap<>();
        for (TreeSession session : surroundings.sessions()) {
            int member = session.owner().member();
            if (session.owner().isOfProcess() && !surroundings.isLinked(member)) {
                suspects.computeIfAbsent(member, none -> new HashSet<>()).add(session.id());
            }
        }
        suspects.forEach(this::probe);
        if (!suspects.isEmpty()) {
            lookAtNs = nowNs + AGAIN_NS;
        }
    }

    private void probe(int member, Set<Long> sessions) {
        if (!probed.add(member)) {
            return;
        }
        prober.execute(() -> {
            boolean isDead = refuses.test(member);
            surroundings.onThread(() -> {
                probed.remove(member);
                if (isDead && !surroundings.isLinked(member)) {
                    surroundings.end(List.copyOf(sessions));
                }
            });
        });
    }

    /** When {@link #doWork} has something to do at the latest. */
    long nextDeadlineNs() {
        return lookAtNs;
    }
}
