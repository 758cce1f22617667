// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * A command that was applied.
 *
 * <p>Threading: immutable.
 *
 * @param zxid the number of the transaction: the offset of its entry in the log and one
 * @param timeMs the time of the entry, milliseconds since the epoch
 * @param result what came of the command
 * @param changes the changes in their order; none when the command was refused
 */
public record TreeTransaction(long zxid, long timeMs, TreeResult result, List<TreeChange> changes) {

    public TreeTransaction {
        changes = List.copyOf(changes);
    }
}
