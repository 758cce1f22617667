// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.coordination.tree.Acl;
import io.varve.coordination.tree.NodeStat;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the types of ZooKeeper's wire format; the counterpart of {@link JuteReader}. Grows as needed.
 *
 * <p>Threading: confined to the caller's thread.
 */
final class JuteWriter {

    private static final int SMALL_FRAME_BYTES = 128;

    private ByteBuffer frame = ByteBuffer.allocate(SMALL_FRAME_BYTES);

    /** Bytes written so far. */
    int sizeBytes() {
        return frame.position();
    }

    /** Drops what was written from {@code sizeBytes} on. */
    void truncateTo(int sizeBytes) {
        frame.position(sizeBytes);
    }

    /** Overwrites the number at {@code offset}. */
    void patchInt(int offset, int value) {
        frame.putInt(offset, value);
    }

    /** Overwrites the number at {@code offset}. */
    void patchLong(int offset, long value) {
        frame.putLong(offset, value);
    }

    /** What was written; the writer is done. */
    ByteBuffer toFrame() {
        return frame.flip();
    }

    JuteWriter writeInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    JuteWriter writeLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    JuteWriter writeBoolean(boolean value) {
        room(1).put((byte) (value ? 1 : 0));
        return this;
    }

    JuteWriter writeBytes(byte @Nullable [] bytes) {
        if (bytes == null) {
            return writeInt(-1);
        }
        room(Integer.BYTES + bytes.length).putInt(bytes.length).put(bytes);
        return this;
    }

    JuteWriter writeText(String text) {
        return writeBytes(text.getBytes(UTF_8));
    }

    JuteWriter writeTexts(Collection<String> texts) {
        writeInt(texts.size());
        for (String text : texts) {
            writeText(text);
        }
        return this;
    }

    JuteWriter writeAcls(List<Acl> acls) {
        writeInt(acls.size());
        for (Acl acl : acls) {
            writeInt(acl.permissions()).writeText(acl.scheme()).writeText(acl.id());
        }
        return this;
    }

    JuteWriter writeStat(NodeStat stat) {
        return writeLong(stat.czxid())
                .writeLong(stat.mzxid())
                .writeLong(stat.ctimeMs())
                .writeLong(stat.mtimeMs())
                .writeInt(stat.version())
                .writeInt(stat.cversion())
                .writeInt(stat.aversion())
                .writeLong(stat.ephemeralOwner())
                .writeInt(stat.dataLength())
                .writeInt(stat.numChildren())
                .writeLong(stat.pzxid());
    }

    private ByteBuffer room(int bytes) {
        if (frame.remaining() < bytes) {
            final long doubled = Math.max(frame.capacity() * 2L, frame.position() + (long) bytes);
            final ByteBuffer larger = ByteBuffer.allocate(Math.toIntExact(Math.min(doubled, Integer.MAX_VALUE - 8)));
            frame = larger.put(frame.flip());
        }
        return frame;
    }
}
