// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.Acl;
import io.varve.coordination.tree.Identity;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.WatchTable;
import io.varve.coordination.tree.Watcher;
import java.util.List;

/**
 * What a local request sees: the member's tree and watches, and who asks.
 *
 * <p>Threading: confined to the member's thread.
 *
 * @param identities those the connection had when it sent the request
 * @param watcher takes the events of the watches that are left
 * @param maxReplyBytes bound for replies that hold several results
 */
record LocalView(
        TreeMachine tree,
        WatchTable watches,
        long sessionId,
        List<Identity> identities,
        Watcher watcher,
        int maxReplyBytes) {

    /** OK, or why the node may not be looked at: it is not there, or none of the permissions is given. */
    ErrorCode check(String path, int permissions) {
        if (tree.stat(path) == null) {
            return ErrorCode.NO_NODE;
        }
        return permits(path, permissions) ? ErrorCode.OK : ErrorCode.NO_AUTH;
    }

    /** Whether one of the permissions is given; the node exists. */
    boolean permits(String path, int permissions) {
        return tree.permits(path, permissions, identities);
    }

    /** Whether the node may be read; the node exists. */
    boolean mayRead(String path) {
        return permits(path, Acl.READ);
    }
}
