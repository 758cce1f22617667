// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a snapshot of the tree as it was when the job began, a slice at a time, while commands are applied between the slices.
 *
 * <p>The job holds the list of the nodes there were. A node that is about to change or to go and has not been written yet is written
 * at once, before the change; its {@link TreeNode#snapshot} says that the snapshot has it. Nodes that come later bear that mark from
 * the start. So beginning costs one copy of an array, and nothing is copied of nodes that do not change.
 *
 * <p>Threading: confined to the machine's thread.
 */
public final class SnapshotJob {

    private static final int CHUNK_BYTES = 64 * 1024;

    private final TreeNodes owner;
    private final int number;
    private final SnapshotSink sink;
    private final Head head;
    private final SnapshotWriter writer = new SnapshotWriter();
    private final Map<AclTable.Entry, Integer> acls = new HashMap<>();
    private @Nullable TreeNode[] nodes;
    private int next;
    private int written;
    private boolean ended;

    /** What a snapshot has beside the nodes. */
    record Head(long zxid, long digest, TreeLimits limits, Collection<TreeSession> sessions) {}

    SnapshotJob(TreeNodes owner, int number, @Nullable TreeNode[] nodes, Head head, SnapshotSink sink) {
        this.owner = owner;
        this.number = number;
        this.nodes = nodes;
        this.head = head;
        this.sink = sink;
        writer.head(head.zxid(), head.limits());
        head.sessions().forEach(writer::session);
    }

    /** The last transaction that is in the snapshot. */
    public long zxid() {
        return head.zxid();
    }

    /**
     * Writes the next nodes. An exception of the sink ends the job.
     *
     * @param count most nodes to look at, at least 1
     * @return whether there is more to do
     */
    public boolean doWork(int count) {
        if (ended) {
            return false;
        }
        try {
            write((int) Math.min(nodes.length, (long) next + count));
        } catch (RuntimeException e) {
            abort();
            throw e;
        }
        return !ended;
    }

    private void write(int end) {
        while (next < end) {
            TreeNode node = nodes[next++];
            if (node != null && node.snapshot != number) {
                keep(node);
            }
            if (writer.sizeBytes() >= CHUNK_BYTES) {
                writer.flushTo(sink);
            }
        }
        if (next == nodes.length) {
            writer.end(written, head.digest());
            writer.flushTo(sink);
            abort();
        }
    }

    /** Writes a node as it is now, unless the snapshot has it. */
    void keep(TreeNode node) {
        node.snapshot = number;
        Integer acl = acls.get(node.acl);
        if (acl == null) {
            acl = acls.size();
            acls.put(node.acl, acl);
            writer.acl(acl, node.acl.list());
        }
        writer.node(node, acl);
        written++;
    }

    /** Whether the snapshot is whole or given up. */
    public boolean isDone() {
        return ended;
    }

    /** Gives the snapshot up. Does nothing when it is done. */
    public void abort() {
        if (!ended) {
            ended = true;
            nodes = new TreeNode[0];
            acls.clear();
            owner.endSnapshot();
        }
    }
}
