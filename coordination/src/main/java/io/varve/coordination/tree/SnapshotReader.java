// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Makes a machine of the bytes of a snapshot, which may come in pieces of any size. Nothing is believed before its checksum, and the
 * machine is handed out only when it is whole: all nodes hang on the root and the digest is that of the snapshot.
 *
 * <p>Threading: confined to its user.
 */
public final class SnapshotReader {

    private static final int FIRST_BYTES = 64 * 1024;

    private final SnapshotNodes nodes;
    private final TreeSessions sessions = new TreeSessions();
    private final List<AclTable.Entry> acls = new ArrayList<>();
    private final CRC32C crc = new CRC32C();

    /** The chunk that is coming in: header and records. */
    private ByteBuffer waiting = ByteBuffer.allocate(FIRST_BYTES);

    private boolean begun;
    private @Nullable TreeLimits limits;
    private long zxid;
    private boolean ended;
    private long digest;

    /** @param hashSeed see {@link TreeMachine#TreeMachine(long)} */
    public SnapshotReader(long hashSeed) {
        this.nodes = new SnapshotNodes(hashSeed);
    }

    /**
     * Takes the next bytes of the snapshot, all that remain in the buffer.
     *
     * @throws FormatException when they are not what they should be; the reader is of no use any more
     */
    public void accept(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            int needed = needed() - waiting.position();
            int taken = Math.min(needed, bytes.remaining());
            makeRoom(taken);
            waiting.put(bytes.slice(bytes.position(), taken));
            bytes.position(bytes.position() + taken);
            if (waiting.position() == needed()) {
                takeWhole();
            }
        }
    }

    /** Bytes of the piece that is coming in, as far as can be said. */
    private int needed() {
        if (waiting.position() < SnapshotWriter.CHUNK_HEADER_BYTES) {
            return SnapshotWriter.CHUNK_HEADER_BYTES;
        }
        return begun ? Math.addExact(SnapshotWriter.CHUNK_HEADER_BYTES, waiting.getInt(0)) : waiting.position();
    }

    private void makeRoom(int more) {
        if (waiting.remaining() < more) {
            long wanted = Math.max(2L * waiting.capacity(), (long) waiting.position() + more);
            ByteBuffer larger = ByteBuffer.allocate((int) Math.min(Integer.MAX_VALUE - 8, wanted));
            waiting = larger.put(waiting.flip());
        }
    }

    private void takeWhole() {
        if (!begun) {
            if (waiting.getInt(0) != SnapshotWriter.MAGIC) {
                throw new FormatException("not a snapshot");
            }
            if (waiting.getInt(4) != SnapshotWriter.VERSION) {
                throw new FormatException("unknown version of a snapshot: version=" + waiting.getInt(4) + ", known="
                        + SnapshotWriter.VERSION);
            }
            begun = true;
            waiting.clear();
            return;
        }
        int length = waiting.getInt(0);
        if (length <= 0 || length > Integer.MAX_VALUE - 64) {
            throw new FormatException("length of a chunk out of range: length=" + length);
        }
        if (waiting.position() == SnapshotWriter.CHUNK_HEADER_BYTES) {
            return;
        }
        takeChunk(waiting.getInt(4), waiting.flip().position(SnapshotWriter.CHUNK_HEADER_BYTES));
        waiting.clear();
    }

    private void takeChunk(int checksum, ByteBuffer records) {
        crc.reset();
        crc.update(records.duplicate());
        if ((int) crc.getValue() != checksum) {
            throw new FormatException("the checksum of a chunk does not match");
        }
        FormatReader in = new FormatReader(records);
        while (!in.isAtEnd()) {
            takeRecord(in);
        }
    }

    private void takeRecord(FormatReader in) {
        int kind = in.takeByte();
        if (ended || (limits == null) != (kind == SnapshotWriter.HEAD)) {
            throw new FormatException("record out of place: kind=" + kind);
        }
        switch (kind) {
            case SnapshotWriter.HEAD -> {
                zxid = in.takeLong();
                limits = TreeFormat.takeLimits(in);
            }
            case SnapshotWriter.SESSION -> sessions.put(takeSession(in));
            case SnapshotWriter.ACL -> takeAcl(in);
            case SnapshotWriter.NODE -> nodes.take(in, acls);
            case SnapshotWriter.END -> {
                nodes.link(in.takeInt());
                digest = in.takeLong();
                ended = true;
            }
            default -> throw new FormatException("unknown record: kind=" + kind);
        }
    }

    private static TreeSession takeSession(FormatReader in) {
        return new TreeSession(
                in.takeLong(), in.takeRaw(TreeSession.PASSWORD_BYTES), in.takeInt(), TreeFormat.takeOwner(in));
    }

    private void takeAcl(FormatReader in) {
        int number = in.takeInt();
        if (number != acls.size()) {
            throw new FormatException("access list out of order: number=" + number + ", expected=" + acls.size());
        }
        acls.add(nodes.acl(in.takeAcl()));
    }

    /**
     * The machine, when all bytes have been taken.
     *
     * @throws FormatException when the snapshot is not whole
     */
    public TreeMachine machine() {
        if (!ended || limits == null || waiting.position() > 0) {
            throw new FormatException("the snapshot is cut off");
        }
        TreeMachine machine = new TreeMachine(nodes.tree(), sessions, limits, zxid);
        if (machine.digest() != digest) {
            throw new FormatException(
                    "the digest of the snapshot does not match: expected=" + digest + ", digest=" + machine.digest());
        }
        return machine;
    }
}
