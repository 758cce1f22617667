// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.Acl;
import io.varve.coordination.tree.Identity;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.WatchKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that looks at the tree; some leave a watch with what they have seen. */
sealed interface ReadRequest extends LocalRequest {

    /** Asks nothing; a sign of life. */
    record Ping() implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.PING;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            return ErrorCode.OK;
        }
    }

    /** Asks for a node's stat; a watch is left also when there is no node. */
    record Exists(String path, boolean watch) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.EXISTS;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            if (path.indexOf('\0') >= 0) {
                return ErrorCode.BAD_ARGUMENTS;
            }
            final NodeStat stat = view.tree().stat(path);
            if (stat != null && !view.mayRead(path)) {
                return ErrorCode.NO_AUTH;
            }
            if (watch) {
                view.watches().add(WatchKind.DATA, path, view.watcher());
            }
            if (stat == null) {
                return ErrorCode.NO_NODE;
            }
            body.writeStat(stat);
            return ErrorCode.OK;
        }
    }

    /** Asks for a node's data and stat. */
    record GetData(String path, boolean watch) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.GET_DATA;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            final Node node = view.tree().get(path);
            if (node == null) {
                return ErrorCode.NO_NODE;
            }
            if (!view.mayRead(path)) {
                return ErrorCode.NO_AUTH;
            }
            if (watch) {
                view.watches().add(WatchKind.DATA, path, view.watcher());
            }
            body.writeBytes(node.data() == TreeOp.NO_DATA ? null : node.data()).writeStat(node.stat());
            return ErrorCode.OK;
        }
    }

    /** Asks for the names of a node's children, and for its stat when {@code withStat}. */
    record GetChildren(String path, boolean watch, boolean withStat) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return withStat ? OpCode.GET_CHILDREN2 : OpCode.GET_CHILDREN;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            final NodeStat stat = view.tree().stat(path);
            final List<String> children = view.tree().children(path);
            if (stat == null || children == null) {
                return ErrorCode.NO_NODE;
            }
            if (!view.mayRead(path)) {
                return ErrorCode.NO_AUTH;
            }
            if (watch) {
                view.watches().add(WatchKind.CHILDREN, path, view.watcher());
            }
            body.writeTexts(children);
            if (withStat) {
                body.writeStat(stat);
            }
            return ErrorCode.OK;
        }
    }

    /** Asks how many nodes are below a node. */
    record GetAllChildrenNumber(String path) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.GET_ALL_CHILDREN_NUMBER;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            final ErrorCode error = view.check(path, Acl.READ);
            if (error == ErrorCode.OK) {
                body.writeInt(view.tree().allChildrenNumber(path));
            }
            return error;
        }
    }

    /** Asks for a node's access list. The hashes of passwords are for those alone who may change the list. */
    record GetAcl(String path) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.GET_ACL;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            final NodeStat stat = view.tree().stat(path);
            final List<Acl> acl = view.tree().acl(path);
            if (stat == null || acl == null) {
                return ErrorCode.NO_NODE;
            }
            if (!view.permits(path, Acl.READ | Acl.ADMIN)) {
                return ErrorCode.NO_AUTH;
            }
            body.writeAcls(view.permits(path, Acl.ADMIN) ? acl : Acl.withoutHashes(acl))
                    .writeStat(stat);
            return ErrorCode.OK;
        }
    }

    /** Asks for the ephemeral nodes of the session below a path; null or "/" stands for all. */
    record GetEphemerals(@Nullable String prefix) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.GET_EPHEMERALS;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            final String start = prefix == null || prefix.isBlank() ? "/" : prefix;
            body.writeTexts(view.tree().ephemerals(view.sessionId(), start));
            return ErrorCode.OK;
        }
    }

    /** Asks for the identities of the connection, by name. */
    record WhoAmI() implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.WHO_AM_I;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            body.writeInt(view.identities().size());
            for (Identity identity : view.identities()) {
                body.writeText(identity.scheme()).writeText(userOf(identity));
            }
            return ErrorCode.OK;
        }

        private static String userOf(Identity identity) {
            return switch (identity.scheme()) {
                case "digest" ->
                    identity.id().substring(0, Math.max(0, identity.id().indexOf(':')));
                case "super" -> "";
                default -> identity.id();
            };
        }
    }

    /** Asks several things at once, each answered for itself. */
    record MultiRead(List<ReadRequest> requests) implements ReadRequest {
        @Override
        public OpCode opCode() {
            return OpCode.MULTI_READ;
        }

        /** One small request can name the same large node many times; so the reply is bounded. */
        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            for (ReadRequest request : requests) {
                final int start = body.sizeBytes();
                MultiFormat.writeHeader(body, request.opCode().code(), false, 0);
                final ErrorCode error = request.answer(view, body);
                if (error != ErrorCode.OK) {
                    body.truncateTo(start);
                    MultiFormat.writeError(body, error);
                }
                if (body.sizeBytes() > view.maxReplyBytes()) {
                    return ErrorCode.BAD_ARGUMENTS;
                }
            }
            MultiFormat.writeEnd(body);
            return ErrorCode.OK;
        }
    }
}
