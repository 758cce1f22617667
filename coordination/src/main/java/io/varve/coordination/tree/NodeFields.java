// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * What can change of a node beside its children, to be put back when a multi fails.
 *
 * <p>Threading: confined to the machine's thread.
 */
@SuppressWarnings("ArrayRecordComponent") // handed back, never compared
record NodeFields(
        byte[] data,
        AclTable.Entry acl,
        long mzxid,
        long pzxid,
        long mtimeMs,
        int version,
        int cversion,
        int aversion,
        long content) {

    static NodeFields of(TreeNode node) {
        return new NodeFields(
                node.data,
                node.acl,
                node.mzxid,
                node.pzxid,
                node.mtimeMs,
                node.version,
                node.cversion,
                node.aversion,
                node.content);
    }

    void putBack(TreeNode node) {
        node.data = data;
        node.acl = acl;
        node.mzxid = mzxid;
        node.pzxid = pzxid;
        node.mtimeMs = mtimeMs;
        node.version = version;
        node.cversion = cversion;
        node.aversion = aversion;
        node.content = content;
    }
}
