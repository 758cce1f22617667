// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The layout of commands. Numbers are big-endian; text (UTF-8), data and lists have a length of four bytes in front, -1 for
 * {@link TreeOp#NO_DATA}.
 *
 * <pre>
 *   entry:       version 2 (1) | time ms (8) | kind (1) | command
 *   command:     1 open session    owner | timeout ms (4) | password (16)
 *                2 attach session  session (8) | password data | timeout ms (4) | owner
 *                3 close session   session (8) | expired (1)
 *                4 update          session (8) | owner | identities | operation
 *                5 multi           session (8) | owner | identities | operations
 *                6 reap            paths
 *                7 set config      data
 *                8 set limits      largest data (4) | enforces quotas (1)
 *   owner:       member (4) | connection (8)
 *   identity:    scheme text | id text
 *   operation:   1 create          path text | data | acl | mode (1) | ttl ms (8)
 *                2 set             path text | data | version (4)
 *                3 delete          path text | version (4)
 *                4 set acl         path text | acl | version (4)
 *                5 check           path text | version (4)
 *   acl:         list of: permissions (4) | scheme text | id text
 * </pre>
 *
 * <p>Snapshots: {@link SnapshotWriter}.
 */
public final class TreeFormat {

    private static final int VERSION = 2;
    private static final int TIME_AT = 1;
    private static final int EXPECTED_BYTES = 256;

    private static final int OPEN = 1;
    private static final int ATTACH = 2;
    private static final int CLOSE = 3;
    private static final int UPDATE = 4;
    private static final int MULTI = 5;
    private static final int REAP = 6;
    private static final int SET_CONFIG = 7;
    private static final int SET_LIMITS = 8;

    private static final int CREATE = 1;
    private static final int SET = 2;
    private static final int DELETE = 3;
    private static final int SET_ACL = 4;
    private static final int CHECK = 5;

    private static final CreateMode[] MODES = {
        CreateMode.PERSISTENT,
        CreateMode.PERSISTENT_SEQUENTIAL,
        CreateMode.EPHEMERAL,
        CreateMode.EPHEMERAL_SEQUENTIAL,
        CreateMode.CONTAINER,
        CreateMode.PERSISTENT_WITH_TTL,
        CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
    };

    private TreeFormat() {}

    /**
     * The bytes of an entry.
     *
     * @throws IllegalArgumentException when a text of the command is not Unicode
     */
    public static byte[] encode(TreeEntry entry) {
        FormatWriter out = new FormatWriter(EXPECTED_BYTES);
        out.putByte(VERSION).putLong(entry.timeMs());
        TreeCommand command = entry.command();
        if (command instanceof TreeCommand.Update update) {
            putAsker(out.putByte(UPDATE), update.sessionId(), update.owner(), update.identities());
            put(out, update.operation());
        } else if (command instanceof TreeCommand.Multi multi) {
            putAsker(out.putByte(MULTI), multi.sessionId(), multi.owner(), multi.identities());
            out.putInt(multi.operations().size());
            multi.operations().forEach(operation -> put(out, operation));
        } else if (command instanceof TreeCommand.OpenSession open) {
            putOwner(out.putByte(OPEN), open.owner()).putInt(open.timeoutMs()).putRaw(open.password());
        } else if (command instanceof TreeCommand.AttachSession attach) {
            out.putByte(ATTACH).putLong(attach.sessionId()).putData(attach.password());
            putOwner(out.putInt(attach.timeoutMs()), attach.owner());
        } else if (command instanceof TreeCommand.CloseSession close) {
            out.putByte(CLOSE).putLong(close.sessionId()).putByte(close.expired() ? 1 : 0);
        } else if (command instanceof TreeCommand.Reap reap) {
            out.putByte(REAP).putInt(reap.paths().size());
            reap.paths().forEach(out::putText);
        } else if (command instanceof TreeCommand.SetConfig set) {
            out.putByte(SET_CONFIG).putData(set.data());
        } else if (command instanceof TreeCommand.SetLimits set) {
            out.putByte(SET_LIMITS).putInt(set.limits().maxDataBytes());
            out.putByte(set.limits().enforcesQuotas() ? 1 : 0);
        }
        return out.toByteArray();
    }

    /** Writes another time into the bytes of an entry, for the leader that takes one from another member. */
    public static void stamp(ByteBuffer entry, long timeMs) {
        entry.putLong(entry.position() + TIME_AT, timeMs);
    }

    private static FormatWriter putOwner(FormatWriter out, SessionOwner owner) {
        return out.putInt(owner.member()).putLong(owner.connection());
    }

    private static void putAsker(FormatWriter out, long sessionId, SessionOwner owner, List<Identity> identities) {
        putOwner(out.putLong(sessionId), owner).putInt(identities.size());
        identities.forEach(who -> out.putText(who.scheme()).putText(who.id()));
    }

    private static void put(FormatWriter out, TreeOp operation) {
        if (operation instanceof TreeOp.Create create) {
            out.putByte(CREATE).putText(create.path()).putData(create.data()).putAcl(create.acl());
            out.putByte(List.of(MODES).indexOf(create.mode())).putLong(create.ttlMs());
        } else if (operation instanceof TreeOp.Set set) {
            out.putByte(SET).putText(set.path()).putData(set.data()).putInt(set.expectedVersion());
        } else if (operation instanceof TreeOp.Delete delete) {
            out.putByte(DELETE).putText(delete.path()).putInt(delete.expectedVersion());
        } else if (operation instanceof TreeOp.SetAcl set) {
            out.putByte(SET_ACL).putText(set.path()).putAcl(set.acl()).putInt(set.expectedVersion());
        } else if (operation instanceof TreeOp.Check check) {
            out.putByte(CHECK).putText(check.path()).putInt(check.expectedVersion());
        }
    }

    /**
     * An entry from its bytes, which it must fill.
     *
     * @throws FormatException when the bytes are not an entry
     */
    public static TreeEntry decode(ByteBuffer bytes) {
        FormatReader in = new FormatReader(bytes);
        int version = in.takeByte();
        if (version != VERSION) {
            throw new FormatException("unknown version of an entry: version=" + version + ", known=" + VERSION);
        }
        TreeEntry entry = new TreeEntry(in.takeLong(), takeCommand(in));
        if (!in.isAtEnd()) {
            throw new FormatException("bytes behind an entry");
        }
        return entry;
    }

    private static TreeCommand takeCommand(FormatReader in) {
        int kind = in.takeByte();
        return switch (kind) {
            case OPEN ->
                new TreeCommand.OpenSession(takeOwner(in), in.takeInt(), in.takeRaw(TreeSession.PASSWORD_BYTES));
            case ATTACH -> new TreeCommand.AttachSession(in.takeLong(), in.takeData(), in.takeInt(), takeOwner(in));
            case CLOSE -> new TreeCommand.CloseSession(in.takeLong(), takeFlag(in));
            case UPDATE -> new TreeCommand.Update(in.takeLong(), takeOwner(in), takeIdentities(in), takeOperation(in));
            case MULTI ->
                new TreeCommand.Multi(
                        in.takeLong(), takeOwner(in), takeIdentities(in), in.takeList(9, () -> takeOperation(in)));
            case REAP -> new TreeCommand.Reap(in.takeList(4, in::takeText));
            case SET_CONFIG -> new TreeCommand.SetConfig(in.takeData());
            case SET_LIMITS -> new TreeCommand.SetLimits(takeLimits(in));
            default -> throw new FormatException("unknown command: kind=" + kind);
        };
    }

    static TreeLimits takeLimits(FormatReader in) {
        int maxDataBytes = in.takeInt();
        if (maxDataBytes < 0) {
            throw new FormatException("negative limit: maxDataBytes=" + maxDataBytes);
        }
        return new TreeLimits(maxDataBytes, takeFlag(in));
    }

    private static boolean takeFlag(FormatReader in) {
        int flag = in.takeByte();
        if (flag != 0 && flag != 1) {
            throw new FormatException("flag is neither 0 nor 1: flag=" + flag);
        }
        return flag == 1;
    }

    static SessionOwner takeOwner(FormatReader in) {
        return new SessionOwner(in.takeInt(), in.takeLong());
    }

    private static List<Identity> takeIdentities(FormatReader in) {
        return in.takeList(8, () -> new Identity(in.takeText(), in.takeText()));
    }

    private static TreeOp takeOperation(FormatReader in) {
        int kind = in.takeByte();
        String path = in.takeText();
        return switch (kind) {
            case CREATE -> new TreeOp.Create(path, in.takeData(), in.takeAcl(), takeMode(in), in.takeLong());
            case SET -> new TreeOp.Set(path, in.takeData(), in.takeInt());
            case DELETE -> new TreeOp.Delete(path, in.takeInt());
            case SET_ACL -> new TreeOp.SetAcl(path, in.takeAcl(), in.takeInt());
            case CHECK -> new TreeOp.Check(path, in.takeInt());
            default -> throw new FormatException("unknown operation: kind=" + kind);
        };
    }

    private static CreateMode takeMode(FormatReader in) {
        int mode = in.takeByte();
        if (mode < 0 || mode >= MODES.length) {
            throw new FormatException("unknown mode: mode=" + mode);
        }
        return MODES[mode];
    }
}
