// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

/** Is told of changes below a watched path. */
@FunctionalInterface
public interface TreeListener {

    /** What happened to a node. */
    enum Change {
        /** The node came into being. */
        CREATED,
        /** The node's data was set. */
        DATA_SET,
        /** The node was deleted. */
        DELETED
    }

    /**
     * A change was committed.
     *
     * @param change what happened
     * @param path the node it happened to
     * @param zxid the transaction that did it; strictly increases from one transaction to the next
     */
    void onChange(Change change, String path, long zxid);
}
