// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.WatchKind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the bodies of requests; a body that is not what its code says is a {@link MalformedFrameException}. */
final class RequestReader {

    /** By their numbers on the wire. */
    private static final CreateMode[] CREATE_MODES = {
        CreateMode.PERSISTENT,
        CreateMode.EPHEMERAL,
        CreateMode.PERSISTENT_SEQUENTIAL,
        CreateMode.EPHEMERAL_SEQUENTIAL,
        CreateMode.CONTAINER,
        CreateMode.PERSISTENT_WITH_TTL,
        CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
    };

    private static final Set<OpCode> OF_A_MULTI = EnumSet.of(
            OpCode.CREATE,
            OpCode.CREATE2,
            OpCode.CREATE_CONTAINER,
            OpCode.CREATE_TTL,
            OpCode.DELETE,
            OpCode.SET_DATA,
            OpCode.CHECK);

    private static final long NO_TTL = -1;

    private RequestReader() {}

    static Request read(OpCode opCode, JuteReader body) {
        return switch (opCode) {
            case PING -> new ReadRequest.Ping();
            case CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL, DELETE, SET_DATA, SET_ACL -> readUpdate(opCode, body);
            case MULTI -> readMulti(body);
            case MULTI_READ -> readMultiRead(body);
            case EXISTS -> new ReadRequest.Exists(body.readPath(), body.readBoolean());
            case GET_DATA -> new ReadRequest.GetData(body.readPath(), body.readBoolean());
            case GET_CHILDREN -> new ReadRequest.GetChildren(body.readPath(), body.readBoolean(), false);
            case GET_CHILDREN2 -> new ReadRequest.GetChildren(body.readPath(), body.readBoolean(), true);
            case GET_ALL_CHILDREN_NUMBER -> new ReadRequest.GetAllChildrenNumber(body.readPath());
            case GET_ACL -> new ReadRequest.GetAcl(body.readPath());
            case GET_EPHEMERALS -> new ReadRequest.GetEphemerals(body.readText());
            case WHO_AM_I -> new ReadRequest.WhoAmI();
            case SYNC -> new Request.Sync(body.readPath());
            case ADD_WATCH -> new WatchRequest.AddWatch(body.readPath(), readPersistentKind(body.readInt()));
            case CHECK_WATCHES -> new WatchRequest.CheckWatches(body.readPath(), readKind(body.readInt()));
            case REMOVE_WATCHES -> new WatchRequest.RemoveWatches(body.readPath(), readKind(body.readInt()));
            case SET_WATCHES, SET_WATCHES2 -> readSetWatches(opCode, body);
            case AUTH -> readAuth(body);
            case SASL -> new Request.Sasl();
            case RECONFIG ->
                new Request.Reconfig(
                        new MembershipChange(body.readText(), body.readText(), body.readText(), body.readLong()));
            case CLOSE_SESSION -> new Request.CloseSession();
            case CHECK -> new Request.Refused(opCode, ErrorCode.UNIMPLEMENTED);
        };
    }

    /** ZooKeeper looks at the path of these two sooner than at those of others, and so finds it bad and not malformed. */
    private static Request readUpdate(OpCode opCode, JuteReader body) {
        if ((opCode == OpCode.SET_DATA || opCode == OpCode.SET_ACL) && body.isMissing()) {
            return new Request.Refused(opCode, ErrorCode.BAD_ARGUMENTS);
        }
        final TreeOp operation = readOperation(opCode, body);
        return operation == null
                ? new Request.Refused(opCode, ErrorCode.BAD_ARGUMENTS)
                : WriteRequest.of(opCode, operation);
    }

    /** Null when it is a creation with a mode that does not exist. */
    private static @Nullable TreeOp readOperation(OpCode opCode, JuteReader body) {
        return switch (opCode) {
            case DELETE -> new TreeOp.Delete(body.readPath(), body.readInt());
            case SET_DATA -> new TreeOp.Set(body.readPath(), readData(body), body.readInt());
            case SET_ACL -> new TreeOp.SetAcl(body.readPath(), body.readAcls(), body.readInt());
            case CHECK -> new TreeOp.Check(body.readPath(), body.readInt());
            case CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL -> {
                final String path = body.readPath();
                final byte[] data = readData(body);
                final var acl = body.readAcls();
                final int flags = body.readInt();
                final long ttlMs = opCode == OpCode.CREATE_TTL ? body.readLong() : NO_TTL;
                yield flags < 0 || flags >= CREATE_MODES.length
                        ? null
                        : new TreeOp.Create(path, data, acl, CREATE_MODES[flags], ttlMs);
            }
            default -> throw new IllegalArgumentException("not an operation: opCode=" + opCode);
        };
    }

    private static byte[] readData(JuteReader body) {
        final byte[] data = body.readBytes();
        return data == null ? TreeOp.NO_DATA : data;
    }

    private static WriteRequest readMulti(JuteReader body) {
        final List<OpCode> parts = new ArrayList<>();
        final List<TreeOp> operations = new ArrayList<>();
        for (OpCode part = readPartHeader(body); part != null; part = readPartHeader(body)) {
            if (!OF_A_MULTI.contains(part)) {
                throw new MalformedFrameException("not an operation of a multi: opCode=" + part);
            }
            final TreeOp operation = readOperation(part, body);
            if (operation == null) {
                throw new MalformedFrameException("no such mode of creation in a multi");
            }
            parts.add(part);
            operations.add(operation);
        }
        return new WriteRequest(OpCode.MULTI, List.copyOf(parts), operations);
    }

    private static ReadRequest readMultiRead(JuteReader body) {
        final List<ReadRequest> requests = new ArrayList<>();
        for (OpCode part = readPartHeader(body); part != null; part = readPartHeader(body)) {
            final String path = body.readPath();
            body.readBoolean(); // a watch is never left by a multi
            requests.add(
                    switch (part) {
                        case GET_DATA -> new ReadRequest.GetData(path, false);
                        case GET_CHILDREN -> new ReadRequest.GetChildren(path, false, false);
                        default -> throw new MalformedFrameException("not a part of a multi of reads: opCode=" + part);
                    });
        }
        return new ReadRequest.MultiRead(requests);
    }

    /** The code of the part that follows; null at the end. */
    private static @Nullable OpCode readPartHeader(JuteReader body) {
        final int type = body.readInt();
        final boolean done = body.readBoolean();
        body.readInt(); // an error, which only replies have
        if (done) {
            return null;
        }
        final OpCode part = OpCode.of(type);
        if (part == null) {
            throw new MalformedFrameException("no such operation in a multi: type=" + type);
        }
        return part;
    }

    private static Request readAuth(JuteReader body) {
        body.readInt(); // a type that was never used
        final String scheme = body.readText();
        final byte[] proof = body.readBytes();
        return new Request.Auth(scheme == null ? "" : scheme, proof == null ? new byte[0] : proof);
    }

    private static WatchRequest readSetWatches(OpCode opCode, JuteReader body) {
        final boolean hasPersistent = opCode == OpCode.SET_WATCHES2;
        return new WatchRequest.SetWatches(
                opCode,
                body.readLong(),
                body.readPaths(),
                body.readPaths(),
                body.readPaths(),
                hasPersistent ? body.readPaths() : List.of(),
                hasPersistent ? body.readPaths() : List.of());
    }

    private static WatchKind readPersistentKind(int mode) {
        return switch (mode) {
            case 0 -> WatchKind.PERSISTENT;
            case 1 -> WatchKind.PERSISTENT_RECURSIVE;
            default -> throw new MalformedFrameException("no such mode of a watch: mode=" + mode);
        };
    }

    /** Null stands for any kind. */
    private static @Nullable WatchKind readKind(int type) {
        return switch (type) {
            case 1 -> WatchKind.CHILDREN;
            case 2 -> WatchKind.DATA;
            case 3 -> null;
            case 4 -> WatchKind.PERSISTENT;
            case 5 -> WatchKind.PERSISTENT_RECURSIVE;
            default -> throw new MalformedFrameException("no such type of a watch: type=" + type);
        };
    }
}
