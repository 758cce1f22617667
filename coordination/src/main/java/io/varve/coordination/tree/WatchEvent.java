// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * What a watcher is told.
 *
 * <p>Threading: immutable.
 *
 * @param type what happened
 * @param path the node it happened to
 * @param zxid the transaction that did it
 * @param acl the node's access list at the time; who may not {@link Acl#READ} is not told
 */
public record WatchEvent(Type type, String path, long zxid, List<Acl> acl) {

    /** What happened to a node. */
    public enum Type {
        /** It came into being. */
        NODE_CREATED,
        /** It went. */
        NODE_DELETED,
        /** Its data was set. */
        NODE_DATA_CHANGED,
        /** A child came or went. */
        NODE_CHILDREN_CHANGED
    }
}
