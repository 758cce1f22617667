// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** The result of one {@link TreeOp} of a multi that was applied. */
public sealed interface TreeResult {

    /** A node was created at {@code path}. */
    record Created(String path) implements TreeResult {}

    /** A node's data was set. */
    record DataSet(NodeStat stat) implements TreeResult {}

    /** A node was deleted. */
    record Deleted() implements TreeResult {}

    /** A version was as demanded. */
    record Checked() implements TreeResult {}
}
