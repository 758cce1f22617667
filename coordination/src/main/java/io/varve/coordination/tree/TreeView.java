// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import io.varve.coordination.NoNodeException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A set of nodes to which changes are applied: the tree itself, or what a multi would make of it.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeView {

    private final @Nullable TreeView below;

    /** Nodes of this view; an empty value hides one of the view below. */
    private final Map<String, Optional<TreeNode>> nodes = new HashMap<>();

    private TreeView(@Nullable TreeView below) {
        this.below = below;
    }

    /** The tree with nothing but its root. */
    static TreeView root() {
        TreeView view = new TreeView(null);
        view.nodes.put("/", Optional.of(new TreeNode(new byte[0])));
        return view;
    }

    /** A view whose changes leave the one below alone. */
    static TreeView over(TreeView below) {
        return new TreeView(below);
    }

    @Nullable
    TreeNode find(String path) {
        Optional<TreeNode> own = nodes.get(path);
        if (own != null) {
            return own.orElse(null);
        }
        return below == null ? null : below.find(path);
    }

    TreeNode node(String path) {
        TreeNode node = find(path);
        if (node == null) {
            throw new NoNodeException("no such node: path=" + path);
        }
        return node;
    }

    private TreeNode changeable(String path) {
        Optional<TreeNode> own = nodes.get(path);
        if (own != null && own.isPresent()) {
            return own.get();
        }
        TreeNode copy = node(path).copy();
        nodes.put(path, Optional.of(copy));
        return copy;
    }

    /** Applies a change that is known to be possible. */
    void apply(TreeChange change, long zxid, long timeMs) {
        String path = change.path();
        if (change instanceof TreeChange.Created created) {
            TreeNode node = new TreeNode(created.data());
            node.czxid = zxid;
            node.mzxid = zxid;
            node.pzxid = zxid;
            node.ctimeMs = timeMs;
            node.mtimeMs = timeMs;
            node.ephemeralOwner = created.ephemeralOwner();
            nodes.put(path, Optional.of(node));
            childrenChanged(path, zxid).children.add(TreePaths.name(path));
        } else if (change instanceof TreeChange.DataSet set) {
            TreeNode node = changeable(path);
            node.data = set.data();
            node.mzxid = zxid;
            node.mtimeMs = timeMs;
            node.version++;
        } else {
            if (below == null) {
                nodes.remove(path);
            } else {
                nodes.put(path, Optional.empty());
            }
            childrenChanged(path, zxid).children.remove(TreePaths.name(path));
        }
    }

    private TreeNode childrenChanged(String path, long zxid) {
        TreeNode parent = changeable(TreePaths.parent(path));
        parent.cversion++;
        parent.pzxid = zxid;
        return parent;
    }

    /** The nodes of a view that stands on nothing. */
    Map<String, TreeNode> all() {
        Map<String, TreeNode> all = new HashMap<>();
        nodes.forEach((path, node) -> node.ifPresent(present -> all.put(path, present)));
        return all;
    }

    /** Puts a node in its place, for a snapshot. */
    void restore(String path, TreeNode node) {
        nodes.put(path, Optional.of(node));
    }
}
