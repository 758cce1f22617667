// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import org.jspecify.annotations.Nullable;

/**
 * What a member must not forget: the latest epoch that it has seen, and for whom it voted in it.
 *
 * <p>Threading: immutable.
 *
 * @param epoch the epoch, 0 when it has seen none
 * @param votedFor who got its vote in that epoch, null when nobody did
 */
public record StoredVote(int epoch, @Nullable MemberId votedFor) {

    /** Of a member that starts for the first time. */
    public static final StoredVote NONE = new StoredVote(0, null);
}
