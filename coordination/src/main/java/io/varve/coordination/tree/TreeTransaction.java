// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * Changes that take effect together.
 *
 * <p>Threading: immutable.
 *
 * @param zxid the number of the transaction; one more than that of the one before
 * @param timeMs when it was decided, milliseconds since the epoch
 * @param changes the changes in their order
 */
public record TreeTransaction(long zxid, long timeMs, List<TreeChange> changes) {

    public TreeTransaction {
        changes = List.copyOf(changes);
    }
}
