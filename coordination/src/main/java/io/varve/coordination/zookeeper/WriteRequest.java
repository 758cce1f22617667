// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.Identity;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;

/**
 * A request that goes through the quorum: one operation, or several of a multi.
 *
 * @param opCode of the request
 * @param parts per operation its code, which decides on the shape of its result
 */
record WriteRequest(OpCode opCode, List<OpCode> parts, List<TreeOp> operations) implements Request {

    static WriteRequest of(OpCode opCode, TreeOp operation) {
        return new WriteRequest(opCode, List.of(opCode), List.of(operation));
    }

    /** What the quorum is asked. */
    TreeCommand command(long sessionId, SessionOwner owner, List<Identity> identities) {
        return opCode == OpCode.MULTI
                ? new TreeCommand.Multi(sessionId, owner, identities, operations)
                : new TreeCommand.Update(sessionId, owner, identities, operations.get(0));
    }

    /** Writes the body of the reply. A multi that failed is answered with OK: its parts say which of them failed. */
    ErrorCode answer(TreeResult result, JuteWriter body) {
        if (result instanceof TreeResult.Failed failed) {
            return ErrorCode.of(failed.error());
        }
        if (result instanceof TreeResult.Multi multi) {
            for (int i = 0; i < multi.results().size(); i++) {
                writePart(parts.get(i), multi.results().get(i), body);
            }
            MultiFormat.writeEnd(body);
        } else {
            writeResult(opCode, result, body);
        }
        return ErrorCode.OK;
    }

    private static void writePart(OpCode part, TreeResult result, JuteWriter body) {
        if (result instanceof TreeResult.Failed failed) {
            MultiFormat.writeError(body, ErrorCode.of(failed.error()));
        } else {
            MultiFormat.writeHeader(body, shapeOf(part).code(), false, 0);
            writeResult(part, result, body);
        }
    }

    /** Containers and nodes with a time to live have no result of their own in a multi. */
    private static OpCode shapeOf(OpCode part) {
        return part == OpCode.CREATE_CONTAINER || part == OpCode.CREATE_TTL ? OpCode.CREATE2 : part;
    }

    private static void writeResult(OpCode part, TreeResult result, JuteWriter body) {
        if (result instanceof TreeResult.Created created) {
            body.writeText(created.path());
            if (part != OpCode.CREATE) {
                body.writeStat(created.stat());
            }
        } else if (result instanceof TreeResult.DataSet set) {
            body.writeStat(set.stat());
        } else if (result instanceof TreeResult.AclSet set) {
            body.writeStat(set.stat());
        }
    }

    /** Whether the session has gone to another connection; then there is nobody to answer. */
    static boolean isSessionMoved(TreeResult result) {
        if (result instanceof TreeResult.Multi multi) {
            return multi.results().stream().anyMatch(WriteRequest::isSessionMoved);
        }
        return result instanceof TreeResult.Failed failed && ErrorCode.of(failed.error()) == ErrorCode.SESSION_MOVED;
    }
}
