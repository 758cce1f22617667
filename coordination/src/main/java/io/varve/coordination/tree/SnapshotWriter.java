// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The layout of snapshots; primitives as in {@link TreeFormat}. The records of a snapshot are put into chunks of any size; nodes come in
 * any order and refer to their parents by number, and to access lists by the number that a record before them has given.
 *
 * <pre>
 *   snapshot:  "VTRE" (4) | version 2 (4) | chunks
 *   chunk:     length (4) | CRC-32C of the records (4) | records
 *   record:    1 head      zxid (8) | largest data (4) | enforces quotas (1)                  first
 *              2 session   id (8) | password (16) | timeout ms (4) | member (4) | connection (8)
 *              3 acl       number (4) | acl
 *              4 node      number (4) | parent (4), -1 for the root | name text | data | acl number (4) | czxid (8) | mzxid (8) |
 *                          pzxid (8) | ctime ms (8) | mtime ms (8) | ephemeral owner (8) | version (4) | cversion (4) | aversion (4)
 *              5 end       node count (4) | digest (8)                                       last
 * </pre>
 *
 * <p>Threading: confined to the machine's thread.
 */
final class SnapshotWriter {

    static final int MAGIC = 0x56545245;
    static final int VERSION = 2;
    static final int CHUNK_HEADER_BYTES = 8;

    static final int HEAD = 1;
    static final int SESSION = 2;
    static final int ACL = 3;
    static final int NODE = 4;
    static final int END = 5;

    static final int NO_PARENT = -1;

    private static final int EXPECTED_BYTES = 128 * 1024;

    private final FormatWriter records = new FormatWriter(EXPECTED_BYTES);
    private final CRC32C crc = new CRC32C();
    private boolean begun;

    void head(long zxid, TreeLimits limits) {
        records.putByte(HEAD).putLong(zxid).putInt(limits.maxDataBytes());
        records.putByte(limits.enforcesQuotas() ? 1 : 0);
    }

    void session(TreeSession session) {
        records.putByte(SESSION)
                .putLong(session.id())
                .putRaw(session.password())
                .putInt(session.timeoutMs());
        records.putInt(session.owner().member()).putLong(session.owner().connection());
    }

    void acl(int number, List<Acl> acl) {
        records.putByte(ACL).putInt(number).putAcl(acl);
    }

    void node(TreeNode node, int acl) {
        records.putByte(NODE).putInt(node.slot).putInt(node.parent == null ? NO_PARENT : node.parent.slot);
        records.putText(node.name).putData(node.data).putInt(acl);
        records.putLong(node.czxid).putLong(node.mzxid).putLong(node.pzxid);
        records.putLong(node.ctimeMs).putLong(node.mtimeMs).putLong(node.ephemeralOwner);
        records.putInt(node.version).putInt(node.cversion).putInt(node.aversion);
    }

    void end(int nodeCount, long digest) {
        records.putByte(END).putInt(nodeCount).putLong(digest);
    }

    int sizeBytes() {
        return records.sizeBytes();
    }

    /** Hands over the records as a chunk. */
    void flushTo(SnapshotSink sink) {
        if (!begun) {
            begun = true;
            sink.write(ByteBuffer.allocate(8).putInt(MAGIC).putInt(VERSION).flip());
        }
        ByteBuffer chunk = records.view();
        crc.reset();
        crc.update(chunk.duplicate());
        ByteBuffer header = ByteBuffer.allocate(CHUNK_HEADER_BYTES);
        sink.write(header.putInt(chunk.remaining()).putInt((int) crc.getValue()).flip());
        sink.write(chunk);
        records.clear(EXPECTED_BYTES);
    }
}
