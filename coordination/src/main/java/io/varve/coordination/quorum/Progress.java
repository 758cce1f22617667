// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.Fetch;
import org.jspecify.annotations.Nullable;

/**
 * What a leader knows of another member.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Progress {

    final MemberId member;

    /** Entries below it are the leader's and are durable there; never goes back while the leader leads. */
    long flushedOffset;

    /** When it was heard from last. */
    long heardNs;

    /** The latest round that it has answered. */
    long round;

    /** The fetch that waits for something new. */
    @Nullable
    Fetch parked;

    long parkedUntilNs = Long.MAX_VALUE;

    Progress(MemberId member, long nowNs) {
        this.member = member;
        this.heardNs = nowNs;
    }

    void park(Fetch fetch, long untilNs) {
        parked = fetch;
        parkedUntilNs = untilNs;
    }

    void unpark() {
        parked = null;
        parkedUntilNs = Long.MAX_VALUE;
    }
}
