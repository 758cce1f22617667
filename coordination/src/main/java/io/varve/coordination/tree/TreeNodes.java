// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All nodes of the tree, their counts, their digest, and which of them may go by themselves.
 *
 * <p>A node is changed between {@link #beginChange} and {@link #endChange}, which keep the digest and let a running snapshot have the
 * node as it was. Every step can be undone by the edit it belongs to, without copying the children of a node.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeNodes {

    private static final int FEWEST_SLOTS = 64;

    private final long seed;
    private final AclTable acls = new AclTable();
    private final TreeNode root;
    private final Map<Long, Set<TreeNode>> ephemerals = new HashMap<>();
    private final Set<TreeNode> containers = new HashSet<>();
    private final Set<TreeNode> ttls = new HashSet<>();

    /** All nodes, at places that stay the same for the life of a node; free places are linked through {@link #nextFree}. */
    private @Nullable TreeNode[] slots = new TreeNode[FEWEST_SLOTS];

    private int[] nextFree = new int[FEWEST_SLOTS];
    private int firstFree = -1;
    private int endSlot;

    private int nodeCount;
    private int ephemeralCount;
    private long dataBytes;
    private long digest;

    private int snapshots;
    private @Nullable SnapshotJob snapshot;

    /** Nothing but a root. */
    TreeNodes(long seed) {
        this.seed = seed;
        this.root = new TreeNode("", 0, 0, 0, 0);
        root.acl = acls.entry(Acl.OPEN);
        enter(root);
    }

    /** A node that is there for certain. */
    TreeNode existing(String path) {
        TreeNode node = find(path);
        if (node == null) {
            throw new IllegalStateException("the tree has lost a node: path=" + path);
        }
        return node;
    }

    TreeNode root() {
        return root;
    }

    AclTable acls() {
        return acls;
    }

    @Nullable
    TreeNode find(String path) {
        return find(path, path.length());
    }

    /** The node whose path is the first {@code end} characters of {@code path}; the empty path is the root's too. */
    @Nullable
    TreeNode find(String path, int end) {
        if (end == 0) {
            return root;
        }
        if (path.charAt(0) != '/') {
            return null;
        }
        TreeNode node = end == 1 ? root : null;
        TreeNode above = root;
        for (int from = 1; from < end; ) {
            int slash = path.indexOf('/', from);
            int to = slash < 0 || slash > end ? end : slash;
            node = child(above, path, from, to);
            if (node == null) {
                return null;
            }
            above = node;
            from = to + 1;
            if (from == end) {
                return null; // ends with a slash
            }
        }
        return node;
    }

    private @Nullable TreeNode child(TreeNode parent, String path, int from, int to) {
        ChildTable children = parent.children;
        return children == null ? null : children.find(TreeHash.seeded(seed, path, from, to), path, from, to);
    }

    /** A node that is not in the tree yet. */
    TreeNode make(TreeNode parent, String name, long ephemeralOwner, TreeEdit edit) {
        TreeNode node = new TreeNode(name, nameHash(name), ephemeralOwner, edit.zxid, edit.timeMs);
        node.parent = parent;
        return node;
    }

    int nameHash(String name) {
        return TreeHash.seeded(seed, name, 0, name.length());
    }

    /** Puts a node under its parent, whose own fields stay as they are. */
    void attach(TreeNode node, TreeEdit edit) {
        edit.onUndo(() -> takeOut(node));
        putIn(node);
    }

    /** Takes a node without children from its parent, whose own fields stay as they are. */
    void detach(TreeNode node, TreeEdit edit) {
        edit.onUndo(() -> putIn(node));
        takeOut(node);
    }

    private void putIn(TreeNode node) {
        TreeNode parent = parentOf(node);
        if (parent.children == null) {
            parent.children = new ChildTable();
        }
        parent.children.add(node);
        enter(node);
    }

    private void takeOut(TreeNode node) {
        keepForSnapshot(node);
        TreeNode parent = parentOf(node);
        ChildTable children = parent.children;
        if (children == null) {
            throw new IllegalStateException("a node is not among the children of its parent: path=" + node.path());
        }
        children.remove(node);
        if (children.size() == 0) {
            parent.children = null;
        }
        leave(node);
    }

    static TreeNode parentOf(TreeNode node) {
        TreeNode parent = node.parent;
        if (parent == null) {
            throw new IllegalStateException("the root has no parent");
        }
        return parent;
    }

    void enter(TreeNode node) {
        node.slot = takeSlot(node);
        node.snapshot = snapshots;
        node.content = node.contentHash();
        acls.retain(node.acl);
        digest += node.digest();
        nodeCount++;
        dataBytes += (long) node.pathLength() + node.data.length;
        switch (NodeKind.of(node.ephemeralOwner)) {
            case EPHEMERAL -> {
                ephemeralCount++;
                ephemerals
                        .computeIfAbsent(node.ephemeralOwner, owner -> new HashSet<>())
                        .add(node);
            }
            case CONTAINER -> containers.add(node);
            case TTL -> ttls.add(node);
            case PERSISTENT -> {}
        }
    }

    void leave(TreeNode node) {
        freeSlot(node.slot);
        acls.release(node.acl);
        digest -= node.digest();
        nodeCount--;
        dataBytes -= (long) node.pathLength() + node.data.length;
        switch (NodeKind.of(node.ephemeralOwner)) {
            case EPHEMERAL -> {
                ephemeralCount--;
                Set<TreeNode> owned = ephemerals.get(node.ephemeralOwner);
                if (owned != null && owned.remove(node) && owned.isEmpty()) {
                    ephemerals.remove(node.ephemeralOwner);
                }
            }
            case CONTAINER -> containers.remove(node);
            case TTL -> ttls.remove(node);
            case PERSISTENT -> {}
        }
    }

    private int takeSlot(TreeNode node) {
        int slot = firstFree;
        if (slot >= 0) {
            firstFree = nextFree[slot];
        } else {
            slot = endSlot++;
            if (slot == slots.length) {
                slots = Arrays.copyOf(slots, slots.length + (slots.length >> 1));
                nextFree = Arrays.copyOf(nextFree, slots.length);
            }
        }
        slots[slot] = node;
        return slot;
    }

    private void freeSlot(int slot) {
        slots[slot] = null;
        nextFree[slot] = firstFree;
        firstFree = slot;
    }

    /** Comes before a change of a node's fields. */
    void beginChange(TreeNode node, TreeEdit edit) {
        keepForSnapshot(node);
        if (edit.isUndoable()) {
            NodeFields before = NodeFields.of(node);
            edit.onUndo(() -> {
                leaveFields(node);
                before.putBack(node);
                enterFields(node);
            });
        }
        leaveFields(node);
    }

    /** Comes behind a change of a node's fields. */
    void endChange(TreeNode node) {
        enterFields(node);
    }

    private void leaveFields(TreeNode node) {
        digest -= node.digest();
        dataBytes -= node.data.length;
        acls.release(node.acl);
    }

    private void enterFields(TreeNode node) {
        digest += node.digest();
        dataBytes += node.data.length;
        acls.retain(node.acl);
    }

    SnapshotJob beginSnapshot(SnapshotJob.Head head, SnapshotSink sink) {
        if (snapshot != null) {
            throw new IllegalStateException("a snapshot is being written: zxid=" + snapshot.zxid());
        }
        if (endSlot > mostSlots(nodeCount)) {
            repack();
        }
        snapshots++;
        snapshot = new SnapshotJob(this, snapshots, Arrays.copyOf(slots, endSlot), head, sink);
        return snapshot;
    }

    void endSnapshot() {
        snapshot = null;
    }

    /** Numbers of nodes in a snapshot are below this. */
    static int mostSlots(int nodeCount) {
        return (int) Math.min(Integer.MAX_VALUE - 8, FEWEST_SLOTS + 4L * nodeCount);
    }

    /** Gives back the memory of places that have long been free. Not during a snapshot, which refers to places. */
    private void repack() {
        @Nullable TreeNode[] old = Arrays.copyOf(slots, endSlot);
        slots = new TreeNode[Math.max(FEWEST_SLOTS, nodeCount + (nodeCount >> 1))];
        nextFree = new int[slots.length];
        firstFree = -1;
        endSlot = 0;
        for (TreeNode node : old) {
            if (node != null) {
                node.slot = takeSlot(node);
            }
        }
    }

    private void keepForSnapshot(TreeNode node) {
        if (snapshot != null && node.snapshot != snapshots) {
            snapshot.keep(node);
        }
    }

    /** Visits a node and all below it, without recursion. */
    static void forSubtree(TreeNode top, Consumer<TreeNode> visitor) {
        Deque<TreeNode> waiting = new ArrayDeque<>();
        waiting.push(top);
        while (!waiting.isEmpty()) {
            TreeNode node = waiting.pop();
            visitor.accept(node);
            if (node.children != null) {
                node.children.forEach(waiting::push);
            }
        }
    }

    Set<TreeNode> ephemerals(long sessionId) {
        return ephemerals.getOrDefault(sessionId, Set.of());
    }

    Set<TreeNode> containers() {
        return containers;
    }

    Set<TreeNode> ttls() {
        return ttls;
    }

    int nodeCount() {
        return nodeCount;
    }

    int ephemeralCount() {
        return ephemeralCount;
    }

    long dataBytes() {
        return dataBytes;
    }

    long digest() {
        return digest;
    }
}
