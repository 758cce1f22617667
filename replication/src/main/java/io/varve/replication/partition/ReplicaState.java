// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a replica has in every role, and the actions of the step.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class ReplicaState {

    static final long NOT_REGISTERED = -1;

    final ReplicaConfig config;
    final ReplicaLog log;
    final ReplicaRules rules;

    private Map<Integer, BrokerPresence> brokers = Map.of();
    private List<PartitionAction> actions = new ArrayList<>();
    private long brokerEpoch = NOT_REGISTERED;
    private long nowNs;
    private long highWatermark;
    private boolean forcing;

    ReplicaState(ReplicaConfig config, ReplicaLog log, long highWatermark, ReplicaRules rules) {
        this.config = config;
        this.log = log;
        this.rules = rules;
        this.highWatermark = Math.max(log.startOffset(), Math.min(highWatermark, log.endOffset()));
    }

    long nowNs() {
        return nowNs;
    }

    void advanceClock(long timeNs) {
        nowNs = Math.max(nowNs, timeNs);
    }

    int self() {
        return config.self();
    }

    long brokerEpoch() {
        return brokerEpoch;
    }

    void registered(long epoch) {
        brokerEpoch = epoch;
    }

    @Nullable
    BrokerPresence broker(int id) {
        return brokers.get(id);
    }

    void brokers(Map<Integer, BrokerPresence> now) {
        brokers = now;
    }

    void act(PartitionAction action) {
        actions.add(action);
    }

    List<PartitionAction> takeActions() {
        List<PartitionAction> taken = actions;
        actions = new ArrayList<>();
        return taken;
    }

    long highWatermark() {
        return highWatermark;
    }

    /** Whether the high watermark has moved. */
    boolean advanceTo(long offset) {
        if (offset <= highWatermark) {
            return false;
        }
        highWatermark = offset;
        act(new PartitionAction.HighWatermarkAdvanced(offset));
        return true;
    }

    /** The offset below which this replica can say that it holds everything. */
    long heldOffset() {
        return config.durability() == Durability.FORCED ? log.flushedOffset() : log.endOffset();
    }

    void truncateTo(long offset) {
        long before = log.endOffset();
        if (offset < before) {
            log.truncateTo(offset);
            truncated(before);
        }
    }

    void resetTo(long offset) {
        long before = log.endOffset();
        log.resetTo(offset);
        truncated(before);
    }

    private void truncated(long oldEndOffset) {
        // Below the start nothing is lost: the leader has deleted it too.
        long newEndOffset = log.endOffset();
        boolean lost = newEndOffset < highWatermark;
        act(new PartitionAction.Truncated(
                oldEndOffset, newEndOffset, lost ? newEndOffset : PartitionAction.Truncated.NOTHING));
        highWatermark = Math.max(log.startOffset(), Math.min(highWatermark, newEndOffset));
    }

    /** What is held only when it is forced is forced; what comes meanwhile goes with the next one. */
    void forceIfNeeded() {
        boolean unforced = heldOffset() < log.endOffset();
        if (unforced && !forcing) {
            forcing = true;
            act(new PartitionAction.ForceLog());
        }
    }

    void forced() {
        forcing = false;
    }
}
