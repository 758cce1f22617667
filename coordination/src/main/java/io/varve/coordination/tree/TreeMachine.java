// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tree of nodes and its sessions. Paths, versions, sequence numbers and errors are ZooKeeper's.
 *
 * <p>Every member applies the same commands under the same numbers and times and so comes to the same state and results. A command that
 * cannot be carried out has a {@link TreeResult.Failed} and changes nothing. Reads are of what was applied last.
 *
 * <p>Threading: confined to the member's thread.
 */
public final class TreeMachine {

    private final TreeNodes nodes;
    private final Quotas quotas;
    private final TreeUpdates updates;
    private final TreeSessions sessions;
    private TreeLimits limits;
    private long lastZxid;

    /** A tree as ZooKeeper begins with it, for clients that are trusted; others call for {@link #TreeMachine(long)}. */
    public TreeMachine() {
        this(0);
    }

    /**
     * A tree as ZooKeeper begins with it.
     *
     * @param hashSeed a random number, not the same on all members; keeps clients from choosing names that collide. No outcome depends
     *     on it.
     */
    public TreeMachine(long hashSeed) {
        this(new TreeNodes(hashSeed), new TreeSessions(), TreeLimits.DEFAULT, 0);
        TreeEdit start = new TreeEdit(0, 0, false);
        TreeNode zookeeper = beginWith(nodes.root(), TreePaths.ZOOKEEPER, Acl.OPEN, start);
        beginWith(zookeeper, TreePaths.QUOTA, Acl.OPEN, start);
        beginWith(zookeeper, TreePaths.CONFIG, Acl.READ_ONLY, start);
    }

    /** A tree that comes from a snapshot. */
    TreeMachine(TreeNodes nodes, TreeSessions sessions, TreeLimits limits, long lastZxid) {
        this.nodes = nodes;
        this.quotas = new Quotas(nodes);
        this.updates = new TreeUpdates(nodes, quotas);
        this.sessions = sessions;
        this.limits = limits;
        this.lastZxid = lastZxid;
        TreeNodes.forSubtree(nodes.root(), quotas::find);
    }

    private TreeNode beginWith(TreeNode parent, String path, List<Acl> acl, TreeEdit start) {
        TreeNode node = nodes.make(parent, TreePaths.name(path), 0, start);
        node.acl = nodes.acls().entry(acl);
        node.aversion = path.equals(TreePaths.CONFIG) ? -1 : 0; // as ZooKeeper sets its list
        nodes.attach(node, start);
        return node;
    }

    /**
     * Applies a command: the next entry of the log.
     *
     * @param zxid number of the entry; greater than that of the one before
     * @param timeMs time of the entry, milliseconds since the epoch
     */
    public TreeTransaction apply(long zxid, long timeMs, TreeCommand command) {
        if (zxid <= lastZxid) {
            throw new IllegalArgumentException("transaction out of order: zxid=" + zxid + ", lastZxid=" + lastZxid);
        }
        TreeEdit edit = new TreeEdit(zxid, timeMs, command instanceof TreeCommand.Multi);
        TreeResult result = carryOut(command, edit);
        lastZxid = zxid;
        return new TreeTransaction(zxid, timeMs, result, edit.changes());
    }

    private TreeResult carryOut(TreeCommand command, TreeEdit edit) {
        if (command instanceof TreeCommand.Update update) {
            TreeResult refusal = refuse(update.sessionId(), update.owner());
            return refusal != null
                    ? refusal
                    : updates.carryOut(update.operation(), asker(update.sessionId(), update.identities()), edit);
        }
        if (command instanceof TreeCommand.Multi multi) {
            return multi(multi, edit);
        }
        if (command instanceof TreeCommand.OpenSession open) {
            TreeSession session = new TreeSession(
                    TreeSessions.id(open.owner().member(), edit.zxid), open.password(), open.timeoutMs(), open.owner());
            sessions.put(session);
            return new TreeResult.Opened(session.id(), session.timeoutMs());
        }
        if (command instanceof TreeCommand.AttachSession attach) {
            return attach(attach);
        }
        if (command instanceof TreeCommand.CloseSession close) {
            return close(close.sessionId(), edit);
        }
        if (command instanceof TreeCommand.Reap reap) {
            return reap(reap.paths(), edit);
        }
        if (command instanceof TreeCommand.SetConfig set) {
            TreeNode config = nodes.existing(TreePaths.CONFIG);
            updates.setConfig(config, set.data(), edit);
            return new TreeResult.DataSet(config.stat());
        }
        limits = ((TreeCommand.SetLimits) command).limits();
        return new TreeResult.LimitsSet();
    }

    private TreeUpdates.Asker asker(long sessionId, List<Identity> identities) {
        return new TreeUpdates.Asker(sessionId, identities, limits);
    }

    /** Why a connection may not act for a session, null when it may. */
    private @Nullable TreeResult refuse(long sessionId, SessionOwner owner) {
        TreeSession session = sessions.find(sessionId);
        if (session == null) {
            return new TreeResult.Failed(TreeError.SESSION_EXPIRED, "no such session: session=" + sessionId);
        }
        return session.owner().equals(owner)
                ? null
                : new TreeResult.Failed(
                        TreeError.SESSION_MOVED, "session has moved: session=" + sessionId + ", owner=" + owner);
    }

    private TreeResult multi(TreeCommand.Multi multi, TreeEdit edit) {
        TreeResult refusal = refuse(multi.sessionId(), multi.owner());
        TreeUpdates.Asker asker = asker(multi.sessionId(), multi.identities());
        List<TreeResult> results = new ArrayList<>(multi.operations().size());
        for (TreeOp operation : multi.operations()) {
            TreeResult result = refusal != null ? refusal : updates.carryOut(operation, asker, edit);
            if (result instanceof TreeResult.Failed failed) {
                edit.undo();
                return new TreeResult.Multi(
                        allFailed(results.size(), failed, multi.operations().size()));
            }
            results.add(result);
        }
        return new TreeResult.Multi(results);
    }

    private static List<TreeResult> allFailed(int at, TreeResult.Failed failed, int count) {
        List<TreeResult> results = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            TreeError error = i < at ? TreeError.OK : TreeError.RUNTIME_INCONSISTENCY;
            results.add(i == at ? failed : new TreeResult.Failed(error, failed.message()));
        }
        return results;
    }

    private TreeResult attach(TreeCommand.AttachSession attach) {
        TreeSession session = sessions.find(attach.sessionId());
        if (session == null) {
            return new TreeResult.Failed(TreeError.SESSION_EXPIRED, "no such session: session=" + attach.sessionId());
        }
        if (!session.hasPassword(attach.password())) {
            return new TreeResult.Failed(TreeError.AUTH_FAILED, "wrong password: session=" + attach.sessionId());
        }
        sessions.put(new TreeSession(session.id(), session.password(), attach.timeoutMs(), attach.owner()));
        return new TreeResult.Attached(session.id(), attach.timeoutMs());
    }

    /** Ephemeral nodes go in the order of their paths. */
    private TreeResult close(long sessionId, TreeEdit edit) {
        sessions.remove(sessionId);
        for (String path : ephemerals(sessionId, "/")) {
            updates.delete(nodes.existing(path), path, edit);
        }
        return new TreeResult.SessionClosed();
    }

    private TreeResult reap(List<String> paths, TreeEdit edit) {
        int count = 0;
        for (String path : paths) {
            TreeNode node = nodes.find(path);
            if (node != null && isReapable(node, edit.timeMs)) {
                updates.delete(node, path, edit);
                count++;
            }
        }
        return new TreeResult.Reaped(count);
    }

    private static boolean isReapable(TreeNode node, long nowMs) {
        return node.children == null
                && switch (NodeKind.of(node.ephemeralOwner)) {
                    case CONTAINER -> node.cversion > 0;
                    case TTL -> nowMs - node.mtimeMs > NodeKind.ttlMs(node.ephemeralOwner);
                    case PERSISTENT, EPHEMERAL -> false;
                };
    }

    /** The paths that {@link TreeCommand.Reap} would delete now, at most {@code max}. */
    public List<String> reapable(long nowMs, int max) {
        List<String> paths = new ArrayList<>();
        for (Set<TreeNode> candidates : List.of(nodes.containers(), nodes.ttls())) {
            for (TreeNode node : candidates) {
                if (paths.size() < max && isReapable(node, nowMs)) {
                    paths.add(node.path());
                }
            }
        }
        Collections.sort(paths);
        return paths;
    }

    /** A node's data, which is the tree's own and must not be changed, and its stat; null when there is no such node. */
    public @Nullable Node get(String path) {
        TreeNode node = nodes.find(path);
        return node == null ? null : new Node(node.data, node.stat());
    }

    /** A node's stat; null when there is no such node. */
    public @Nullable NodeStat stat(String path) {
        TreeNode node = nodes.find(path);
        return node == null ? null : node.stat();
    }

    /** The names of a node's children in no order; null when there is no such node. */
    public @Nullable List<String> children(String path) {
        TreeNode node = nodes.find(path);
        if (node == null) {
            return null;
        }
        return node.children == null ? List.of() : node.children.names();
    }

    /** A node's access list; null when there is no such node. */
    public @Nullable List<Acl> acl(String path) {
        TreeNode node = nodes.find(path);
        return node == null ? null : node.acl.list();
    }

    /** Whether a node lets somebody do what a permission stands for; false when there is no such node. */
    public boolean permits(String path, int permission, List<Identity> identities) {
        TreeNode node = nodes.find(path);
        return node != null && AclRules.permits(node.acl.list(), permission, identities);
    }

    /** The paths of the ephemeral nodes of a session that begin with a prefix, in order. */
    public List<String> ephemerals(long sessionId, String prefix) {
        List<String> paths = new ArrayList<>();
        for (TreeNode node : nodes.ephemerals(sessionId)) {
            String path = node.path();
            if (path.startsWith(prefix)) {
                paths.add(path);
            }
        }
        Collections.sort(paths);
        return paths;
    }

    /** Number of nodes below a node, children of children included; -1 when there is no such node. Takes time in proportion. */
    public int allChildrenNumber(String path) {
        TreeNode node = nodes.find(path);
        if (node == null || node == nodes.root()) {
            return node == null ? -1 : nodes.nodeCount() - 1;
        }
        int[] count = {-1};
        TreeNodes.forSubtree(node, below -> count[0]++);
        return count[0];
    }

    /** The sessions that are open, in the order of their ids; a view. */
    public Collection<TreeSession> sessions() {
        return sessions.all();
    }

    /** A session; null when it is not open. */
    public @Nullable TreeSession session(long id) {
        return sessions.find(id);
    }

    /** The limits that hold. */
    public TreeLimits limits() {
        return limits;
    }

    /** Number of the last command that was applied, 0 when there is none. */
    public long lastZxid() {
        return lastZxid;
    }

    /** Number of nodes, the root included. */
    public int nodeCount() {
        return nodes.nodeCount();
    }

    /** Number of ephemeral nodes. */
    public int ephemeralCount() {
        return nodes.ephemeralCount();
    }

    /** Length of all paths in characters and of all data in bytes. */
    public long approximateDataBytes() {
        return nodes.dataBytes();
    }

    /** A hash of the whole state: members that have applied the same commands have the same. Not of the order of anything. */
    public long digest() {
        return nodes.digest()
                + sessions.digest()
                + TreeHash.mix(limits.maxDataBytes(), limits.enforcesQuotas() ? 1 : 0);
    }

    /**
     * Begins a snapshot of the state as it is now; commands may be applied while it is written. There is one at a time.
     *
     * @throws IllegalStateException while another is not done
     */
    public SnapshotJob beginSnapshot(SnapshotSink sink) {
        return nodes.beginSnapshot(new SnapshotJob.Head(lastZxid, digest(), limits, sessions.all()), sink);
    }
}
