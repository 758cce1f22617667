// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.BadVersionException;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoChildrenForEphemeralsException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.NotEmptyException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/** Values of Apache ZooKeeper's client as ours, and ours as its own. */
final class ZooKeeperValues {

    /** Room in a request for paths, access lists and headers beside the data. */
    private static final int OVERHEAD_BYTES = 16 * 1024;

    /** Most data in one request: a server closes the connection on a frame above its jute.maxbuffer, by default 0xfffff. */
    static final int MAX_REQUEST_BYTES = 0xfffff - OVERHEAD_BYTES;

    /** What an operation of a multi takes beside its path and data: header, access list, flags; rounded up. */
    private static final int OPERATION_BYTES = 64;

    private ZooKeeperValues() {}

    /** The modes have ZooKeeper's names. */
    static org.apache.zookeeper.CreateMode mode(CreateMode mode) {
        return org.apache.zookeeper.CreateMode.valueOf(mode.name());
    }

    static NodeStat stat(Stat stat) {
        return new NodeStat(
                stat.getCzxid(),
                stat.getMzxid(),
                stat.getPzxid(),
                stat.getCtime(),
                stat.getMtime(),
                stat.getVersion(),
                stat.getCversion(),
                stat.getAversion(),
                stat.getEphemeralOwner(),
                stat.getDataLength(),
                stat.getNumChildren());
    }

    static Node node(byte @Nullable [] data, Stat stat) {
        return new Node(data == null ? new byte[0] : data, stat(stat));
    }

    /** Bytes of an operation in a request, at least. */
    static int sizeBytes(TreeOp operation) {
        int dataBytes = 0;
        if (operation instanceof TreeOp.Create create) {
            dataBytes = create.data().length;
        } else if (operation instanceof TreeOp.Set set) {
            dataBytes = set.data().length;
        }
        return dataBytes + operation.path().length() + OPERATION_BYTES;
    }

    static Op op(TreeOp operation) {
        if (operation instanceof TreeOp.Create create) {
            return Op.create(create.path(), create.data().clone(), ZooDefs.Ids.OPEN_ACL_UNSAFE, mode(create.mode()));
        }
        if (operation instanceof TreeOp.Set set) {
            return Op.setData(set.path(), set.data().clone(), set.expectedVersion());
        }
        if (operation instanceof TreeOp.Delete delete) {
            return Op.delete(delete.path(), delete.expectedVersion());
        }
        TreeOp.Check check = (TreeOp.Check) operation;
        return Op.check(check.path(), check.expectedVersion());
    }

    /** The protocol does not tell the stat of a node that a multi has created. */
    private static final NodeStat UNTOLD = new NodeStat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    static List<TreeResult> results(List<OpResult> results) {
        return results.stream().map(ZooKeeperValues::result).toList();
    }

    private static TreeResult result(OpResult result) {
        if (result instanceof OpResult.CreateResult created) {
            return new TreeResult.Created(created.getPath(), UNTOLD);
        }
        if (result instanceof OpResult.SetDataResult set) {
            return new TreeResult.DataSet(stat(set.getStat()));
        }
        return result instanceof OpResult.DeleteResult ? new TreeResult.Deleted() : new TreeResult.Checked();
    }

    /** The failure of a multi: that of the first operation that failed, which alone has an error of its own. */
    static RuntimeException multiFailure(Code code, List<TreeOp> operations, @Nullable List<OpResult> results) {
        if (results != null) {
            for (int i = 0; i < results.size(); i++) {
                if (results.get(i) instanceof OpResult.ErrorResult error
                        && error.getErr() != Code.OK.intValue()
                        && error.getErr() != Code.RUNTIMEINCONSISTENCY.intValue()) {
                    return failure(Code.get(error.getErr()), operations.get(i).path());
                }
            }
        }
        return failure(code, operations.stream().map(TreeOp::path).toList().toString());
    }

    static RuntimeException failure(Code code, String path) {
        return switch (code) {
            case NONODE -> new NoNodeException("no such node, or no parent for it: path=" + path);
            case NODEEXISTS -> new NodeExistsException("node exists: path=" + path);
            case BADVERSION -> new BadVersionException("version differs: path=" + path);
            case NOTEMPTY -> new NotEmptyException("node has children: path=" + path);
            case NOCHILDRENFOREPHEMERALS ->
                new NoChildrenForEphemeralsException("an ephemeral node has no children: path=" + path);
            case BADARGUMENTS, INVALIDACL ->
                new IllegalArgumentException("invalid arguments: path=" + path + ", code=" + code);
            case SESSIONEXPIRED, AUTHFAILED ->
                new SessionExpiredException("the session has ended: path=" + path + ", code=" + code);
            case CONNECTIONLOSS, OPERATIONTIMEOUT, REQUESTTIMEOUT, SESSIONMOVED ->
                new QuorumLostException("the connection broke before the answer: path=" + path + ", code=" + code
                        + "; the operation may or may not have taken effect");
            default -> new CoordinationException("the operation was refused: path=" + path + ", code=" + code);
        };
    }
}
