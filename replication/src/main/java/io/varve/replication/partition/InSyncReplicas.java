// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who is in sync as the controller has decided, and what the leader has proposed since.
 *
 * <p>One proposal is under way at a time; it is sent again until it is answered. All that were proposed for the same partition epoch
 * count together until a later one is told: the controller accepts one of them at most, and a leader that has no answer does
 * not know which. A refusal does not say either that no other copy will be accepted, so the leader proposes then what was before,
 * which voids them.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class InSyncReplicas {

    private final ReplicaRules rules;
    private PartitionState state;
    private SortedSet<Integer> maximal;
    private @Nullable IsrProposal underWay;
    private boolean mustWithdraw;
    private long nextSendNs = Long.MIN_VALUE;

    InSyncReplicas(PartitionState state, ReplicaRules rules) {
        this.rules = rules;
        this.state = state;
        this.maximal = state.isr();
    }

    void told(PartitionState later) {
        state = later;
        maximal = later.isr();
        underWay = null;
        mustWithdraw = false;
    }

    PartitionState state() {
        return state;
    }

    SortedSet<Integer> committed() {
        return state.isr();
    }

    /** Whose logs the high watermark must not pass. */
    SortedSet<Integer> counted() {
        return rules.counted(state.isr(), maximal);
    }

    boolean isUnderWay() {
        return underWay != null;
    }

    /** Whether a proposal was refused that may be accepted yet. */
    boolean mustWithdraw() {
        return mustWithdraw;
    }

    /** Whether the leader may make another proposal. */
    boolean mayPropose(long nowNs) {
        return underWay == null && nowNs >= nextSendNs;
    }

    /** Before when nothing is sent, after a refusal. */
    long nextSendNs() {
        return nextSendNs;
    }

    void propose(IsrProposal proposal, long resendNs) {
        SortedSet<Integer> all = new TreeSet<>(maximal);
        all.addAll(proposal.isr().keySet());
        maximal = Collections.unmodifiableSortedSet(all);
        underWay = proposal;
        mustWithdraw = false;
        nextSendNs = resendNs;
    }

    /** The proposal to send again now, null when there is none. */
    @Nullable
    IsrProposal resend(long nowNs, long resendNs) {
        if (underWay == null || nowNs < nextSendNs) {
            return null;
        }
        nextSendNs = resendNs;
        return underWay;
    }

    void refused(IsrProposal proposal, PartitionEvent.IsrRefusal refusal, long retryNs) {
        if (!proposal.equals(underWay)) {
            return;
        }
        nextSendNs = retryNs;
        if (refusal == PartitionEvent.IsrRefusal.INELIGIBLE) {
            underWay = null;
            mustWithdraw = true;
            maximal = rules.countedAfterRefusal(state.isr(), maximal);
        }
    }

    /** When something is due; {@link Long#MAX_VALUE} when nothing is. */
    long nextDeadlineNs() {
        return underWay != null || mustWithdraw ? nextSendNs : Long.MAX_VALUE;
    }
}
