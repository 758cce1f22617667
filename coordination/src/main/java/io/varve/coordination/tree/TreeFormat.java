// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The layout of transactions and snapshots. Numbers are big-endian; a path is a length of two bytes and modified UTF-8, data a length
 * of four bytes and the bytes.
 *
 * <pre>
 *   transaction:  version 1 (1) | zxid (8) | time ms (8) | change count (4) | changes
 *   change:       1 (1) path data owner (8)      created
 *                 2 (1) path data                data set
 *                 3 (1) path                     deleted
 *   snapshot:     "VTRE" (4) | version 1 (4) | CRC-32C of what follows (4) | zxid (8) | log offset (8) | node count (4) | nodes
 *   node:         path | data | czxid (8) | mzxid (8) | pzxid (8) | ctime ms (8) | mtime ms (8) | version (4) | cversion (4) |
 *                 ephemeral owner (8); in the order of their paths, so that a parent comes before its children
 * </pre>
 */
public final class TreeFormat {

    private static final int VERSION = 1;
    private static final int SNAPSHOT_MAGIC = 0x56545245;
    private static final int CREATED = 1;
    private static final int DATA_SET = 2;
    private static final int DELETED = 3;

    private TreeFormat() {}

    /** Signals bytes that are not what they should be. */
    public static final class FormatException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        FormatException(String message) {
            super(message);
        }

        FormatException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The bytes of a transaction. */
    public static byte[] encode(TreeTransaction transaction) {
        return write(out -> {
            out.writeByte(VERSION);
            out.writeLong(transaction.zxid());
            out.writeLong(transaction.timeMs());
            out.writeInt(transaction.changes().size());
            for (TreeChange change : transaction.changes()) {
                writeChange(out, change);
            }
        });
    }

    private static void writeChange(DataOutputStream out, TreeChange change) throws IOException {
        if (change instanceof TreeChange.Created created) {
            out.writeByte(CREATED);
            out.writeUTF(created.path());
            writeData(out, created.data());
            out.writeLong(created.ephemeralOwner());
        } else if (change instanceof TreeChange.DataSet set) {
            out.writeByte(DATA_SET);
            out.writeUTF(set.path());
            writeData(out, set.data());
        } else {
            out.writeByte(DELETED);
            out.writeUTF(change.path());
        }
    }

    /**
     * A transaction from its bytes.
     *
     * @throws FormatException when the bytes are not a transaction
     */
    public static TreeTransaction decodeTransaction(byte[] bytes) {
        return read(bytes, 0, in -> {
            require(in.readByte() == VERSION, "unknown version of a transaction");
            long zxid = in.readLong();
            long timeMs = in.readLong();
            int count = in.readInt();
            require(count >= 0 && count <= in.available(), "change count out of range");
            List<TreeChange> changes = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                changes.add(readChange(in));
            }
            require(in.available() == 0, "bytes after a transaction");
            return new TreeTransaction(zxid, timeMs, changes);
        });
    }

    private static TreeChange readChange(DataInputStream in) throws IOException {
        int kind = in.readByte();
        String path = in.readUTF();
        return switch (kind) {
            case CREATED -> new TreeChange.Created(path, readData(in), in.readLong());
            case DATA_SET -> new TreeChange.DataSet(path, readData(in));
            case DELETED -> new TreeChange.Deleted(path);
            default -> throw new FormatException("unknown change: kind=" + kind);
        };
    }

    /**
     * A snapshot.
     *
     * @param zxid the last transaction that is in it
     * @param logOffset offset of the first transaction that is not in it
     */
    public record Snapshot(long zxid, long logOffset) {}

    /** The bytes of a snapshot of a machine. */
    public static byte[] encode(TreeMachine machine, long logOffset) {
        byte[] body = write(out -> {
            out.writeLong(machine.lastZxid());
            out.writeLong(logOffset);
            Map<String, TreeNode> nodes = new TreeMap<>(machine.nodes());
            out.writeInt(nodes.size());
            for (Map.Entry<String, TreeNode> entry : nodes.entrySet()) {
                writeNode(out, entry.getKey(), entry.getValue());
            }
        });
        return write(out -> {
            out.writeInt(SNAPSHOT_MAGIC);
            out.writeInt(VERSION);
            out.writeInt(crc(body, 0));
            out.write(body);
        });
    }

    private static void writeNode(DataOutputStream out, String path, TreeNode node) throws IOException {
        out.writeUTF(path);
        writeData(out, node.data);
        out.writeLong(node.czxid);
        out.writeLong(node.mzxid);
        out.writeLong(node.pzxid);
        out.writeLong(node.ctimeMs);
        out.writeLong(node.mtimeMs);
        out.writeInt(node.version);
        out.writeInt(node.cversion);
        out.writeLong(node.ephemeralOwner);
    }

    /**
     * Puts the contents of a snapshot into a machine that is new.
     *
     * @throws FormatException when the bytes are not a sound snapshot
     */
    public static Snapshot restore(byte[] bytes, TreeMachine machine) {
        int headerBytes = 12;
        return read(bytes, 0, in -> {
            require(in.readInt() == SNAPSHOT_MAGIC, "not a snapshot");
            require(in.readInt() == VERSION, "unknown version of a snapshot");
            require(in.readInt() == crc(bytes, headerBytes), "the checksum of the snapshot does not match");
            long zxid = in.readLong();
            long logOffset = in.readLong();
            int count = in.readInt();
            Map<String, TreeNode> nodes = new HashMap<>();
            for (int i = 0; i < count; i++) {
                readNode(in, nodes);
            }
            machine.restore(Collections.unmodifiableMap(nodes), zxid);
            return new Snapshot(zxid, logOffset);
        });
    }

    private static void readNode(DataInputStream in, Map<String, TreeNode> nodes) throws IOException {
        String path = in.readUTF();
        TreeNode node = new TreeNode(readData(in));
        node.czxid = in.readLong();
        node.mzxid = in.readLong();
        node.pzxid = in.readLong();
        node.ctimeMs = in.readLong();
        node.mtimeMs = in.readLong();
        node.version = in.readInt();
        node.cversion = in.readInt();
        node.ephemeralOwner = in.readLong();
        nodes.put(path, node);
        if (!path.equals("/")) {
            TreeNode parent = nodes.get(TreePaths.parent(path));
            if (parent == null) {
                throw new FormatException("a node comes before its parent: path=" + path);
            }
            parent.children.add(TreePaths.name(path));
        }
    }

    private static void writeData(DataOutputStream out, byte[] data) throws IOException {
        out.writeInt(data.length);
        out.write(data);
    }

    private static byte[] readData(DataInputStream in) throws IOException {
        int length = in.readInt();
        require(length >= 0 && length <= in.available(), "data length out of range");
        return in.readNBytes(length);
    }

    private static int crc(byte[] bytes, int from) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, bytes.length - from);
        return (int) crc.getValue();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new FormatException(otherwise);
        }
    }

    private interface Write {
        void to(DataOutputStream out) throws IOException;
    }

    private interface Read<T> {
        T from(DataInputStream in) throws IOException;
    }

    private static byte[] write(Write write) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            write.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static <T> T read(byte[] bytes, int from, Read<T> read) {
        try {
            return read.from(new DataInputStream(new ByteArrayInputStream(bytes, from, bytes.length - from)));
        } catch (IOException e) {
            throw new FormatException("bytes cut off or malformed: " + e, e);
        }
    }
}
