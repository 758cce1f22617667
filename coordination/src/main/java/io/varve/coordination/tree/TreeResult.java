// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * What came of a command or of one operation of it.
 *
 * <p>Threading: immutable.
 */
public sealed interface TreeResult {

    /** A session was opened. */
    record Opened(long sessionId, int timeoutMs) implements TreeResult {}

    /** A session has a new owner. */
    record Attached(long sessionId, int timeoutMs) implements TreeResult {}

    /** A session has ended, now or before. */
    record SessionClosed() implements TreeResult {}

    /** A node was created at {@code path}. */
    record Created(String path, NodeStat stat) implements TreeResult {}

    /** A node's data was set. */
    record DataSet(NodeStat stat) implements TreeResult {}

    /** A node's access list was set. */
    record AclSet(NodeStat stat) implements TreeResult {}

    /** A node was deleted. */
    record Deleted() implements TreeResult {}

    /** A version was as demanded. */
    record Checked() implements TreeResult {}

    /**
     * What came of a multi: one result per operation, in order. Either none is {@link Failed}, or all are and nothing has changed: the
     * first that failed has its error, those before it {@link TreeError#OK}, those behind it {@link TreeError#RUNTIME_INCONSISTENCY}.
     */
    record Multi(List<TreeResult> results) implements TreeResult {

        public Multi {
            results = List.copyOf(results);
        }
    }

    /** So many nodes were reaped. */
    record Reaped(int count) implements TreeResult {}

    /** The limits were set. */
    record LimitsSet() implements TreeResult {}

    /** The command or operation was refused; nothing has changed. */
    record Failed(TreeError error, String message) implements TreeResult {}
}
