// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import org.jspecify.annotations.Nullable;

/**
 * A node of the tree, as the machine holds it. There may be millions, so it knows its name and its parent and not its path, and its
 * children have a table only while there are any.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeNode {

    final String name;
    final long czxid;
    final long ctimeMs;

    /** A session, or what {@link NodeKind} makes of it. */
    final long ephemeralOwner;

    /** Under the seed of the tree it is in. */
    final int nameHash;

    /** Null for the root; set before the node comes into the tree. */
    @Nullable
    TreeNode parent;

    byte[] data = TreeOp.EMPTY;
    AclTable.Entry acl = AclTable.UNUSED;

    @Nullable
    ChildTable children;

    long mzxid;
    long pzxid;
    long mtimeMs;
    int version;

    /** Number of children that were ever created: ZooKeeper's internal count, from which names get their number. */
    int cversion;

    int aversion;

    /** Hash of path, data and access list. */
    long content;

    /** Place in the list of all nodes while it is in the tree. */
    int slot;

    /** The last snapshot that has this node or must not have it. */
    int snapshot;

    TreeNode(String name, int nameHash, long ephemeralOwner, long czxid, long ctimeMs) {
        this.name = name;
        this.nameHash = nameHash;
        this.ephemeralOwner = ephemeralOwner;
        this.czxid = czxid;
        this.ctimeMs = ctimeMs;
        this.mzxid = czxid;
        this.pzxid = czxid;
        this.mtimeMs = ctimeMs;
    }

    int childCount() {
        return children == null ? 0 : children.size();
    }

    /** The absolute path. */
    String path() {
        int length = 0;
        for (TreeNode node = this; node.parent != null; node = node.parent) {
            length += 1 + node.name.length();
        }
        if (length == 0) {
            return "/";
        }
        char[] path = new char[length];
        int at = length;
        for (TreeNode node = this; node.parent != null; node = node.parent) {
            at -= node.name.length();
            node.name.getChars(0, node.name.length(), path, at);
            path[--at] = '/';
        }
        return new String(path);
    }

    int pathLength() {
        int length = 0;
        for (TreeNode node = this; node.parent != null; node = node.parent) {
            length += 1 + node.name.length();
        }
        return Math.max(1, length);
    }

    /** Hash of what changes seldom and costs most; kept in {@link #content}. */
    long contentHash() {
        long hash = 0;
        for (TreeNode node = this; node.parent != null; node = node.parent) {
            hash = TreeHash.mix(hash, node.name);
        }
        return TreeHash.mix(TreeHash.mix(hash, acl.hash()), data);
    }

    /** The node's part of the digest of the tree. */
    long digest() {
        long hash = TreeHash.mix(content, czxid);
        hash = TreeHash.mix(hash, mzxid);
        hash = TreeHash.mix(hash, pzxid);
        hash = TreeHash.mix(hash, ctimeMs);
        hash = TreeHash.mix(hash, mtimeMs);
        hash = TreeHash.mix(hash, ephemeralOwner);
        hash = TreeHash.mix(hash, (long) version << Integer.SIZE | (cversion & 0xffffffffL));
        return TreeHash.mix(hash, aversion);
    }

    /** What a client is told: the count of changes of the children is that of creations and deletions. */
    NodeStat stat() {
        int numChildren = childCount();
        return new NodeStat(
                czxid,
                mzxid,
                pzxid,
                ctimeMs,
                mtimeMs,
                version,
                2 * cversion - numChildren,
                aversion,
                NodeKind.of(ephemeralOwner) == NodeKind.EPHEMERAL ? ephemeralOwner : 0,
                data.length,
                numChildren);
    }
}
