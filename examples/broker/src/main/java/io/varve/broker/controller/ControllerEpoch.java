// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.TreeLayout;
import io.varve.coordination.tree.TreeOp;

/**
 * The epoch of a controller, as it stands in the tree.
 *
 * <p>Threading: immutable.
 *
 * @param number increases with every election
 * @param nodeVersion version of the node that has the number
 */
record ControllerEpoch(int number, int nodeVersion) {

    /** In front of a multi it makes sure that nothing of it happens after another controller was elected. */
    TreeOp.Check fence() {
        return new TreeOp.Check(TreeLayout.CONTROLLER_EPOCH, nodeVersion);
    }
}
