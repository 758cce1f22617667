// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * What is asked of the tree.
 *
 * <p>Threading: immutable.
 */
public sealed interface TreeCommand {

    /**
     * Carries out all operations or none.
     *
     * @param sessionId the session that asks; it owns the ephemeral nodes that are created
     */
    record Multi(long sessionId, List<TreeOp> operations) implements TreeCommand {}

    /** Ends a session: its ephemeral nodes go. */
    record CloseSession(long sessionId) implements TreeCommand {}

    /** Ends all sessions: all ephemeral nodes go. */
    record CloseAllSessions() implements TreeCommand {}
}
