// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.coordination.tree.Acl;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the types of ZooKeeper's wire format, jute: big-endian numbers; texts, byte arrays and lists that begin with an {@code int}
 * length, where -1 stands for none.
 *
 * <p>A length is believed only when the frame still holds as much; so a frame makes the reader allocate no more than a small
 * multiple of its own size. Every failure is a {@link MalformedFrameException}.
 *
 * <p>Threading: confined to the caller's thread.
 */
final class JuteReader {

    private static final int MIN_TEXT_BYTES = Integer.BYTES;
    private static final int MIN_ACL_BYTES = 3 * Integer.BYTES;

    private final ByteBuffer frame;

    /** Reads on from the buffer's position, which moves. */
    JuteReader(ByteBuffer frame) {
        this.frame = frame;
    }

    int remaining() {
        return frame.remaining();
    }

    /** Whether what follows is the length that stands for none. */
    boolean isMissing() {
        return frame.remaining() >= Integer.BYTES && frame.getInt(frame.position()) == -1;
    }

    int readInt() {
        need(Integer.BYTES);
        return frame.getInt();
    }

    long readLong() {
        need(Long.BYTES);
        return frame.getLong();
    }

    boolean readBoolean() {
        need(1);
        return frame.get() != 0;
    }

    /** A copy of the bytes, or null when there are none. */
    byte @Nullable [] readBytes() {
        final int length = readLength(1);
        if (length < 0) {
            return null;
        }
        final byte[] bytes = new byte[length];
        frame.get(bytes);
        return bytes;
    }

    /** A text, or null when there is none; what is not UTF-8 becomes the replacement character, as in ZooKeeper. */
    @Nullable
    String readText() {
        final byte[] bytes = readBytes();
        return bytes == null ? null : new String(bytes, UTF_8);
    }

    /** A text that must be there. */
    String readPath() {
        final String path = readText();
        if (path == null) {
            throw new MalformedFrameException("a path is missing");
        }
        return path;
    }

    /** Paths; no list is an empty one. */
    List<String> readPaths() {
        final int count = readLength(MIN_TEXT_BYTES);
        final List<String> paths = new ArrayList<>(Math.max(count, 0));
        for (int i = 0; i < count; i++) {
            paths.add(readPath());
        }
        return paths;
    }

    /** Access lists; no list is an empty one. */
    List<Acl> readAcls() {
        final int count = readLength(MIN_ACL_BYTES);
        final List<Acl> acls = new ArrayList<>(Math.max(count, 0));
        for (int i = 0; i < count; i++) {
            acls.add(new Acl(readInt(), orEmpty(readText()), orEmpty(readText())));
        }
        return acls;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** The number of elements that follow, -1 for none; each takes at least {@code elementBytes}. */
    private int readLength(int elementBytes) {
        final int length = readInt();
        if (length < -1 || length > frame.remaining() / elementBytes) {
            throw new MalformedFrameException("a length is wrong: length=" + length + ", elementBytes=" + elementBytes
                    + ", remaining=" + frame.remaining());
        }
        return length;
    }

    private void need(int bytes) {
        if (frame.remaining() < bytes) {
            throw new MalformedFrameException(
                    "the frame is too short: needed=" + bytes + ", remaining=" + frame.remaining());
        }
    }
}
