// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down why fetches fail that a leader has answered: the first time, and then now and then, since each partition fails
 * again and again.
 *
 * <p>Threading: confined to the event loop of the leader's link.
 */
final class ProblemLog {

    private static final Logger LOG = LoggerFactory.getLogger(ProblemLog.class);
    private static final long PAUSE_NS = 10_000_000_000L;

    private final int leader;
    private final LongSupplier clock;
    private boolean hasLogged;
    private long loggedNs;
    private int unlogged;

    ProblemLog(int leader, LongSupplier clock) {
        this.leader = leader;
        this.clock = clock;
    }

    void log(Delivery delivery) {
        String problem = delivery.outcome().problem();
        if (problem == null) {
            return;
        }
        long nowNs = clock.getAsLong();
        if (hasLogged && nowNs - loggedNs < PAUSE_NS) {
            unlogged++;
            return;
        }
        LOG.warn(
                "A fetch failed, it is tried again: partition={}, leader={}, offset={}, reason={}, more since the last line={}",
                delivery.follower().id(),
                leader,
                delivery.fetch().offset(),
                problem,
                unlogged);
        hasLogged = true;
        loggedNs = nowNs;
        unlogged = 0;
    }
}
