// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a snapshot while it is read: in any order, hung up when all are there.
 *
 * <p>Threading: confined to its user.
 */
final class SnapshotNodes {

    private static final int FEWEST = 64;

    private final TreeNodes tree;
    private TreeNode[] nodes = new TreeNode[FEWEST];
    private int[] numbers = new int[FEWEST];
    private int[] parents = new int[FEWEST];
    private int count;

    SnapshotNodes(long hashSeed) {
        this.tree = new TreeNodes(hashSeed);
    }

    AclTable.Entry acl(List<Acl> list) {
        return tree.acls().entry(list);
    }

    TreeNodes tree() {
        return tree;
    }

    /** Takes a record of a node. */
    void take(FormatReader in, List<AclTable.Entry> acls) {
        if (count == nodes.length) {
            nodes = Arrays.copyOf(nodes, 2 * count);
            numbers = Arrays.copyOf(numbers, 2 * count);
            parents = Arrays.copyOf(parents, 2 * count);
        }
        numbers[count] = in.takeInt();
        parents[count] = in.takeInt();
        nodes[count] = takeNode(in, acls, parents[count] == SnapshotWriter.NO_PARENT);
        count++;
    }

    private TreeNode takeNode(FormatReader in, List<AclTable.Entry> acls, boolean isRoot) {
        String name = in.takeText();
        if (isRoot != name.isEmpty() || name.indexOf('/') >= 0 || !TreePaths.isValid("/" + name)) {
            throw new FormatException("a node with a name that is not allowed: name=" + name);
        }
        byte[] data = in.takeData();
        int acl = in.takeInt();
        if (acl < 0 || acl >= acls.size()) {
            throw new FormatException("a node with an unknown access list: name=" + name + ", acl=" + acl);
        }
        long czxid = in.takeLong();
        long mzxid = in.takeLong();
        long pzxid = in.takeLong();
        long ctimeMs = in.takeLong();
        long mtimeMs = in.takeLong();
        TreeNode node = isRoot ? tree.root() : new TreeNode(name, tree.nameHash(name), in.takeLong(), czxid, ctimeMs);
        if (isRoot) {
            tree.leave(node);
            in.takeLong();
        }
        node.data = data;
        node.acl = acls.get(acl);
        node.mzxid = mzxid;
        node.pzxid = pzxid;
        node.mtimeMs = mtimeMs;
        node.version = in.takeInt();
        node.cversion = in.takeInt();
        node.aversion = in.takeInt();
        return node;
    }

    /** Hangs the nodes up; the snapshot says how many there must be. */
    void link(int nodeCount) {
        if (count != nodeCount) {
            throw new FormatException("nodes are missing: count=" + count + ", expected=" + nodeCount);
        }
        @Nullable TreeNode[] byNumber = byNumber();
        for (int i = 0; i < count; i++) {
            if (parents[i] != SnapshotWriter.NO_PARENT) {
                link(nodes[i], parent(byNumber, parents[i]));
            }
        }
        TreeNodes.forSubtree(tree.root(), tree::enter);
        if (tree.nodeCount() != nodeCount) {
            throw new FormatException(
                    "not all nodes hang on the root: count=" + tree.nodeCount() + ", expected=" + nodeCount);
        }
        for (String path : TreePaths.LASTING) {
            if (tree.find(path) == null) {
                throw new FormatException("the tree lacks a node: path=" + path);
            }
        }
        nodes = new TreeNode[0];
    }

    private @Nullable TreeNode[] byNumber() {
        @Nullable TreeNode[] byNumber = new TreeNode[TreeNodes.mostSlots(count)];
        for (int i = 0; i < count; i++) {
            int number = numbers[i];
            if (number < 0 || number >= byNumber.length || byNumber[number] != null) {
                throw new FormatException("number of a node out of range or not its own: number=" + number);
            }
            byNumber[number] = nodes[i];
        }
        return byNumber;
    }

    private static TreeNode parent(@Nullable TreeNode[] byNumber, int number) {
        TreeNode parent = number < 0 || number >= byNumber.length ? null : byNumber[number];
        if (parent == null) {
            throw new FormatException("a node without its parent: parent=" + number);
        }
        return parent;
    }

    private static void link(TreeNode node, TreeNode parent) {
        node.parent = parent;
        if (parent.children == null) {
            parent.children = new ChildTable();
        } else if (parent.children.find(node.nameHash, node.name, 0, node.name.length()) != null) {
            throw new FormatException("two nodes of one name: name=" + node.name);
        }
        parent.children.add(node);
    }
}
