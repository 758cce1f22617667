// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * A node of the tree, as the machine holds it.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeNode {

    byte[] data;
    long czxid;
    long mzxid;
    long pzxid;
    long ctimeMs;
    long mtimeMs;
    int version;
    int cversion;
    long ephemeralOwner;
    final NavigableSet<String> children = new TreeSet<>();

    TreeNode(byte[] data) {
        this.data = data;
    }

    /** A copy that can be changed without the original; the children's names are shared in value. */
    TreeNode copy() {
        TreeNode copy = new TreeNode(data);
        copy.czxid = czxid;
        copy.mzxid = mzxid;
        copy.pzxid = pzxid;
        copy.ctimeMs = ctimeMs;
        copy.mtimeMs = mtimeMs;
        copy.version = version;
        copy.cversion = cversion;
        copy.ephemeralOwner = ephemeralOwner;
        copy.children.addAll(children);
        return copy;
    }

    NodeStat stat() {
        return new NodeStat(
                czxid,
                mzxid,
                pzxid,
                ctimeMs,
                mtimeMs,
                version,
                cversion,
                0,
                ephemeralOwner,
                data.length,
                children.size());
    }
}
