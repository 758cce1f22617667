// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.Role;

/** Is told who leads a quorum. */
@FunctionalInterface
public interface RoleListener {

    /**
     * The role of this member, the epoch or the leader is another.
     *
     * @param role this member's role
     * @param epoch the quorum's epoch
     * @param leaderId number of the leader, -1 when none is known
     */
    void onRole(Role role, int epoch, int leaderId);
}
