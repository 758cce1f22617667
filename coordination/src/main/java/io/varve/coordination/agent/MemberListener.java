// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.QuorumAction;
import io.varve.coordination.quorum.Role;
import io.varve.coordination.quorum.Voter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Member} tells the rest of the process.
 *
 * <p>Threading: called on the member's thread.
 */
interface MemberListener {

    /** The role, the epoch or the leader is another. */
    void onRole(Role role, int epoch, @Nullable Voter leader);

    /** What became of a change of the members. */
    void onChangeAnswered(QuorumAction.ChangeAnswered answer);

    /** Another member has heard of clients. */
    void onHeard(List<Long> sessionIds);
}
