// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import io.varve.coordination.BadVersionException;
import io.varve.coordination.NoChildrenForEphemeralsException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.NotEmptyException;
import io.varve.replication.machine.Decision;
import io.varve.replication.machine.StateMachine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The tree of nodes. Paths, versions, sequence numbers and errors are ZooKeeper's.
 *
 * <p>A command that cannot be carried out is refused with a {@link io.varve.coordination.CoordinationException} and changes nothing.
 *
 * <p>Threading: confined to the thread of its owner.
 */
public final class TreeMachine implements StateMachine<TreeCommand, TreeTransaction, List<TreeResult>> {

    /** Largest data of a node in bytes, inclusive; ZooKeeper's jute.maxbuffer. */
    public static final int MAX_DATA_BYTES = 0xfffff;

    private final TreeView tree = TreeView.root();
    private long lastZxid;

    @Override
    public Decision<TreeTransaction, List<TreeResult>> decide(TreeCommand command, long nowMs) {
        if (command instanceof TreeCommand.Multi multi) {
            return multi(multi, nowMs);
        }
        if (command instanceof TreeCommand.CloseSession close) {
            return dropEphemerals(owner -> owner == close.sessionId(), nowMs);
        }
        return dropEphemerals(owner -> owner != 0, nowMs);
    }

    private Decision<TreeTransaction, List<TreeResult>> multi(TreeCommand.Multi multi, long nowMs) {
        long zxid = lastZxid + 1;
        TreeView overlay = TreeView.over(tree);
        List<TreeChange> changes = new ArrayList<>();
        List<TreeResult> results = new ArrayList<>();
        for (TreeOp operation : multi.operations()) {
            TreeChange change = change(operation, multi.sessionId(), overlay);
            if (change == null) {
                results.add(new TreeResult.Checked());
                continue;
            }
            overlay.apply(change, zxid, nowMs);
            changes.add(change);
            results.add(result(change, overlay));
        }
        return changes.isEmpty()
                ? Decision.reply(results)
                : new Decision<>(List.of(new TreeTransaction(zxid, nowMs, changes)), results);
    }

    private static TreeResult result(TreeChange change, TreeView overlay) {
        if (change instanceof TreeChange.Created) {
            return new TreeResult.Created(change.path());
        }
        if (change instanceof TreeChange.DataSet) {
            return new TreeResult.DataSet(overlay.node(change.path()).stat());
        }
        return new TreeResult.Deleted();
    }

    /** The change that an operation makes, null when it only checks. */
    private static @Nullable TreeChange change(TreeOp operation, long sessionId, TreeView view) {
        TreePaths.require(operation.path());
        if (operation instanceof TreeOp.Create create) {
            return create(create, sessionId, view);
        }
        if (operation instanceof TreeOp.Set set) {
            requireSize(set.path(), set.data());
            requireVersion(set.path(), view.node(set.path()), set.expectedVersion());
            return new TreeChange.DataSet(set.path(), set.data().clone());
        }
        if (operation instanceof TreeOp.Delete delete) {
            return delete(delete, view);
        }
        TreeOp.Check check = (TreeOp.Check) operation;
        requireVersion(check.path(), view.node(check.path()), check.expectedVersion());
        return null;
    }

    private static TreeChange create(TreeOp.Create create, long sessionId, TreeView view) {
        requireSize(create.path(), create.data());
        if (create.path().equals("/")) {
            throw new NodeExistsException("node exists: path=/");
        }
        String parentPath = TreePaths.parent(create.path());
        TreeNode parent = view.find(parentPath);
        if (parent == null) {
            throw new NoNodeException("no such parent: path=" + create.path());
        }
        if (parent.ephemeralOwner != 0) {
            throw new NoChildrenForEphemeralsException("an ephemeral node has no children: path=" + create.path());
        }
        String path =
                create.mode().isSequential() ? create.path() + String.format("%010d", parent.cversion) : create.path();
        if (view.find(path) != null) {
            throw new NodeExistsException("node exists: path=" + path);
        }
        return new TreeChange.Created(path, create.data().clone(), create.mode().isEphemeral() ? sessionId : 0);
    }

    private static TreeChange delete(TreeOp.Delete delete, TreeView view) {
        TreeNode node = view.node(delete.path());
        if (delete.path().equals("/")) {
            throw new IllegalArgumentException("the root cannot be deleted");
        }
        requireVersion(delete.path(), node, delete.expectedVersion());
        if (!node.children.isEmpty()) {
            throw new NotEmptyException(
                    "node has children: path=" + delete.path() + ", children=" + node.children.size());
        }
        return new TreeChange.Deleted(delete.path());
    }

    private static void requireVersion(String path, TreeNode node, int expectedVersion) {
        if (expectedVersion != -1 && expectedVersion != node.version) {
            throw new BadVersionException(
                    "version differs: path=" + path + ", expected=" + expectedVersion + ", version=" + node.version);
        }
    }

    private static void requireSize(String path, byte[] data) {
        if (data.length > MAX_DATA_BYTES) {
            throw new IllegalArgumentException(
                    "data too large: path=" + path + ", bytes=" + data.length + ", largest=" + MAX_DATA_BYTES);
        }
    }

    private Decision<TreeTransaction, List<TreeResult>> dropEphemerals(LongPredicate owned, long nowMs) {
        List<TreeChange> changes = tree.all().entrySet().stream()
                .filter(entry -> owned.test(entry.getValue().ephemeralOwner))
                .map(Map.Entry::getKey)
                .sorted(Comparator.naturalOrder())
                .map(path -> (TreeChange) new TreeChange.Deleted(path))
                .toList();
        return changes.isEmpty()
                ? Decision.reply(List.of())
                : new Decision<>(List.of(new TreeTransaction(lastZxid + 1, nowMs, changes)), List.of());
    }

    @Override
    public void apply(long offset, TreeTransaction transaction) {
        for (TreeChange change : transaction.changes()) {
            tree.apply(change, transaction.zxid(), transaction.timeMs());
        }
        lastZxid = transaction.zxid();
    }

    /** The number of the last transaction that was applied, 0 when there is none. */
    public long lastZxid() {
        return lastZxid;
    }

    /** A node's data and stat. */
    public Node get(String path) {
        TreePaths.require(path);
        TreeNode node = tree.node(path);
        return new Node(node.data.clone(), node.stat());
    }

    /** The names of a node's children, sorted. */
    public List<String> children(String path) {
        TreePaths.require(path);
        return List.copyOf(tree.node(path).children);
    }

    /** All nodes, for a snapshot. */
    Map<String, TreeNode> nodes() {
        return tree.all();
    }

    /** Takes over the nodes of a snapshot; the machine must be new. */
    void restore(Map<String, TreeNode> nodes, long zxid) {
        nodes.forEach(tree::restore);
        lastZxid = zxid;
    }
}
