// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations on nodes: who may, under which conditions, and what changes. The order of the checks is ZooKeeper's, so that of several
 * errors the same one is told.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeUpdates {

    private static final int SEQUENCE_LENGTH = 10;

    private final TreeNodes nodes;
    private final Quotas quotas;

    TreeUpdates(TreeNodes nodes, Quotas quotas) {
        this.nodes = nodes;
        this.quotas = quotas;
    }

    /** Who asks, and within which limits. */
    record Asker(long sessionId, List<Identity> identities, TreeLimits limits) {}

    /** Carries out an operation or changes nothing. */
    TreeResult carryOut(TreeOp operation, Asker asker, TreeEdit edit) {
        if (operation instanceof TreeOp.Create create) {
            return create(create, asker, edit);
        }
        if (operation instanceof TreeOp.Set set) {
            return set(set, asker, edit);
        }
        if (operation instanceof TreeOp.Delete delete) {
            return delete(delete, asker, edit);
        }
        if (operation instanceof TreeOp.SetAcl set) {
            return setAcl(set, asker, edit);
        }
        return check((TreeOp.Check) operation, asker);
    }

    private TreeResult create(TreeOp.Create create, Asker asker, TreeEdit edit) {
        CreateMode mode = create.mode();
        if (mode.hasTtl() && (create.ttlMs() < 1 || create.ttlMs() > TreeOp.MAX_TTL_MS)) {
            return failed(
                    TreeError.BAD_ARGUMENTS, "time to live out of range", create.path(), "ttlMs=" + create.ttlMs());
        }
        int slash = create.path().lastIndexOf('/');
        if (slash < 0 || create.path().indexOf('\0') >= 0) {
            return badPath(create.path());
        }
        List<Acl> acl = AclRules.fixed(create.acl(), asker.identities());
        if (acl == null) {
            return invalidAcl(create.path(), create.acl());
        }
        TreeNode parent = nodes.find(create.path(), slash);
        if (parent == null) {
            return failed(TreeError.NO_NODE, "no such parent", create.path());
        }
        if (!permits(parent, Acl.CREATE, asker)) {
            return noAuth(create.path(), "CREATE on the parent");
        }
        String path = mode.isSequential() ? create.path() + sequence(parent.cversion) : create.path();
        TreeResult refusal = refuseNew(path, parent, create.data(), asker);
        return refusal != null ? refusal : create(create, path, parent, acl, asker, edit);
    }

    /** Ten characters; below zero when the count has gone over, as in ZooKeeper. */
    private static String sequence(int count) {
        String sign = count < 0 ? "-" : "";
        String digits = Long.toString(Math.abs((long) count));
        return sign + "0".repeat(Math.max(0, SEQUENCE_LENGTH - sign.length() - digits.length())) + digits;
    }

    private @Nullable TreeResult refuseNew(String path, TreeNode parent, byte[] data, Asker asker) {
        if (!TreePaths.isValid(path)) {
            return badPath(path);
        }
        if (nodes.find(path) != null) {
            return failed(TreeError.NODE_EXISTS, "node exists", path);
        }
        if (NodeKind.of(parent.ephemeralOwner) == NodeKind.EPHEMERAL) {
            return failed(TreeError.NO_CHILDREN_FOR_EPHEMERALS, "an ephemeral node has no children", path);
        }
        return refuseData(path, data, data.length, 1, asker);
    }

    private TreeResult create(
            TreeOp.Create create, String path, TreeNode parent, List<Acl> acl, Asker asker, TreeEdit edit) {
        List<Acl> parentAcl = parent.acl.list();
        nodes.beginChange(parent, edit);
        parent.cversion++;
        parent.pzxid = edit.zxid;
        nodes.endChange(parent);
        long owner = NodeKind.owner(create.mode(), asker.sessionId(), create.ttlMs());
        TreeNode node = nodes.make(parent, TreePaths.name(path), owner, edit);
        node.data = create.data();
        node.acl = nodes.acls().entry(acl);
        nodes.attach(node, edit);
        NodeStat stat = node.stat(); // the tree may write the statistics of a quota into the node at once
        quotas.created(node, path, edit);
        edit.changed(new TreeChange.Created(path, acl, parentAcl));
        return new TreeResult.Created(path, stat);
    }

    private TreeResult set(TreeOp.Set set, Asker asker, TreeEdit edit) {
        TreeNode found = nodes.find(set.path());
        TreeResult refusal = refuse(set.path(), found, Acl.WRITE, asker);
        if (refusal != null) {
            return refusal;
        }
        TreeNode node = requireNonNull(found);
        int growth = set.data().length - node.data.length;
        refusal = refuseData(set.path(), set.data(), growth, 0, asker);
        if (refusal == null) {
            refusal = refuseVersion(set.path(), node.version, set.expectedVersion());
        }
        if (refusal != null) {
            return refusal;
        }
        nodes.beginChange(node, edit);
        node.data = set.data();
        node.content = node.contentHash();
        node.version++;
        node.mzxid = edit.zxid;
        node.mtimeMs = edit.timeMs;
        nodes.endChange(node);
        NodeStat stat = node.stat();
        quotas.count(set.path(), growth, 0, edit);
        edit.changed(new TreeChange.DataSet(set.path(), node.acl.list()));
        return new TreeResult.DataSet(stat);
    }

    private TreeResult delete(TreeOp.Delete delete, Asker asker, TreeEdit edit) {
        String path = delete.path();
        int slash = path.lastIndexOf('/');
        if (slash < 0 || path.indexOf('\0') >= 0 || TreePaths.isLasting(path)) {
            return badPath(path);
        }
        TreeNode parent = nodes.find(path, slash);
        if (parent == null) {
            return noNode(path);
        }
        if (!permits(parent, Acl.DELETE, asker)) {
            return noAuth(path, "DELETE on the parent");
        }
        TreeNode node = nodes.find(path);
        if (node == null) {
            return noNode(path);
        }
        TreeResult refusal = refuseVersion(path, node.version, delete.expectedVersion());
        if (refusal != null) {
            return refusal;
        }
        if (node.children != null) {
            return failed(TreeError.NOT_EMPTY, "node has children", path, "children=" + node.childCount());
        }
        delete(node, path, edit);
        return new TreeResult.Deleted();
    }

    /** Deletes a node without children, whoever asks. */
    void delete(TreeNode node, String path, TreeEdit edit) {
        TreeNode parent = TreeNodes.parentOf(node);
        nodes.detach(node, edit);
        nodes.beginChange(parent, edit);
        parent.pzxid = edit.zxid;
        nodes.endChange(parent);
        quotas.deleted(node, path, edit);
        edit.changed(new TreeChange.Deleted(path, node.acl.list(), parent.acl.list()));
    }

    private TreeResult setAcl(TreeOp.SetAcl set, Asker asker, TreeEdit edit) {
        if (!TreePaths.isValid(set.path())) {
            return badPath(set.path());
        }
        List<Acl> acl = AclRules.fixed(set.acl(), asker.identities());
        if (acl == null) {
            return invalidAcl(set.path(), set.acl());
        }
        TreeNode found = nodes.find(set.path());
        TreeResult refusal = refuse(set.path(), found, Acl.ADMIN, asker);
        if (refusal != null) {
            return refusal;
        }
        TreeNode node = requireNonNull(found);
        refusal = refuseVersion(set.path(), node.aversion, set.expectedVersion());
        if (refusal != null) {
            return refusal;
        }
        nodes.beginChange(node, edit);
        node.acl = nodes.acls().entry(acl);
        node.content = node.contentHash();
        node.aversion++;
        nodes.endChange(node);
        edit.changed(new TreeChange.AclSet(set.path(), acl));
        return new TreeResult.AclSet(node.stat());
    }

    private TreeResult check(TreeOp.Check check, Asker asker) {
        TreeNode node = nodes.find(check.path());
        TreeResult refusal = refuse(check.path(), node, Acl.READ, asker);
        if (refusal == null) {
            refusal = refuseVersion(check.path(), requireNonNull(node).version, check.expectedVersion());
        }
        return refusal == null ? new TreeResult.Checked() : refusal;
    }

    /** The quorum's own node: no access is checked, and its version is always -1, as ZooKeeper's. */
    void setConfig(TreeNode node, byte[] data, TreeEdit edit) {
        nodes.beginChange(node, edit);
        node.data = data;
        node.content = node.contentHash();
        node.version = -1;
        node.mzxid = edit.zxid;
        node.mtimeMs = edit.timeMs;
        nodes.endChange(node);
        edit.changed(new TreeChange.DataSet(TreePaths.CONFIG, node.acl.list()));
    }

    /** Why an operation on a node itself is refused, null when it is not and the node is there. */
    private static @Nullable TreeResult refuse(String path, @Nullable TreeNode node, int permission, Asker asker) {
        if (!TreePaths.isValid(path)) {
            return badPath(path);
        }
        if (node == null) {
            return noNode(path);
        }
        return permits(node, permission, asker) ? null : noAuth(path, "permission " + permission);
    }

    private @Nullable TreeResult refuseData(String path, byte[] data, long growth, int count, Asker asker) {
        if (data.length > asker.limits().maxDataBytes()) {
            return failed(
                    TreeError.BAD_ARGUMENTS,
                    "data too large",
                    path,
                    "bytes=" + data.length + ", largest=" + asker.limits().maxDataBytes());
        }
        String excess = asker.limits().enforcesQuotas() ? quotas.excess(path, growth, count) : null;
        return excess == null ? null : new TreeResult.Failed(TreeError.QUOTA_EXCEEDED, excess);
    }

    private static @Nullable TreeResult refuseVersion(String path, int version, int expected) {
        return expected == TreeOp.ANY_VERSION || expected == version
                ? null
                : failed(
                        TreeError.BAD_VERSION,
                        "version differs",
                        path,
                        "expected=" + expected + ", version=" + version);
    }

    private static boolean permits(TreeNode node, int permission, Asker asker) {
        return AclRules.permits(node.acl.list(), permission, asker.identities());
    }

    private static TreeResult badPath(String path) {
        return failed(TreeError.BAD_ARGUMENTS, "path is not allowed", path, TreePaths.fault(path));
    }

    private static TreeResult invalidAcl(String path, List<Acl> acl) {
        return failed(TreeError.INVALID_ACL, "access list is empty or not allowed", path, "acl=" + acl);
    }

    private static TreeResult noNode(String path) {
        return failed(TreeError.NO_NODE, "no such node", path);
    }

    private static TreeResult noAuth(String path, String missing) {
        return failed(TreeError.NO_AUTH, "not permitted", path, "missing " + missing);
    }

    private static TreeResult failed(TreeError error, String what, String path, String... more) {
        String rest = more.length == 0 ? "" : ", " + String.join(", ", more);
        return new TreeResult.Failed(error, what + ": path=" + path + rest);
    }
}
