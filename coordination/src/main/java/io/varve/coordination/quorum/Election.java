// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.TreeMap;

/**
 * Who has granted a vote or a pre-vote. Counted by numbers, the first answer of each: as long as a quorum is not founded two
 * directories may carry the same.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Election {

    private final TreeMap<Integer, MemberId> granted = new TreeMap<>();

    void grant(MemberId from) {
        granted.putIfAbsent(from.id(), from);
    }

    boolean isWon(QuorumMembers members) {
        long votes = granted.values().stream().filter(members::isVoter).count();
        return votes >= members.majority();
    }
}
