// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.FetchSnapshotReply;
import io.varve.replication.OffsetAndEpoch;
import org.jspecify.annotations.Nullable;

/**
 * Gets a snapshot from the leader, a part at a time, from where an earlier attempt has ended; then it is checked and installed by the owner.
 * Source: KIP-630.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class SnapshotDownload {

    private final MemberState state;
    private final int leader;

    private @Nullable OffsetAndEpoch snapshot;
    private long position;
    private long resendNs;

    SnapshotDownload(MemberState state, int leader) {
        this.state = state;
        this.leader = leader;
    }

    boolean isActive() {
        return snapshot != null || state.isInstalling();
    }

    void begin(OffsetAndEpoch wanted) {
        if (isActive()) {
            return;
        }
        snapshot = wanted;
        position = state.snapshots.receivedBytes(wanted);
        request(wanted);
    }

    private void request(OffsetAndEpoch wanted) {
        resendNs = state.nowNs() + state.config.resendNs();
        int maxBytes = state.config.limits().chunkBytes();
        state.out.send(leader, new PeerMessage.FetchSnapshot(state.header(), wanted, position, maxBytes));
    }

    void onReply(FetchSnapshotReply reply) {
        OffsetAndEpoch wanted = snapshot;
        if (wanted == null || !reply.snapshot().equals(wanted) || reply.position() != position) {
            return;
        }
        if (reply.fileBytes() < 0) {
            end();
            return;
        }
        if (reply.bytes().hasRemaining()) {
            int length = reply.bytes().remaining();
            state.snapshots.receive(wanted, position, reply.bytes());
            position += length;
        }
        if (position < reply.fileBytes()) {
            request(wanted);
        } else {
            snapshot = null;
            state.install(wanted);
        }
    }

    void onTick() {
        OffsetAndEpoch wanted = snapshot;
        if (wanted != null && state.nowNs() >= resendNs) {
            request(wanted);
        }
    }

    long nextDeadlineNs() {
        return snapshot != null ? resendNs : Long.MAX_VALUE;
    }

    private void end() {
        snapshot = null;
    }
}
