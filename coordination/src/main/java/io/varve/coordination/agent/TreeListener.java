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
        DELETED,
        /**
         * Changes of the node and of any node below it may have been missed: read all of it again. Told for the root of a watch when
         * the session was without a server for a while, since no server keeps for a session what happened in its absence. A change
         * like the others, so that no listener can leave it out by not knowing of it and so that it has its place in their order:
         * what a read that follows it does not show is told afterwards.
         */
        MISSED
    }

    /**
     * A change was committed.
     *
     * @param change what happened
     * @param path the node it happened to
     * @param zxid the transaction that did it; strictly increases from one transaction to the next. With {@link Change#MISSED} that
     *     of the last change this session was told of, 0 when there was none.
     */
    void onChange(Change change, String path, long zxid);
}
