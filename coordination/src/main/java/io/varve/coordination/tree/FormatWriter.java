// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes that grow: big-endian numbers, and texts, data and lists with a length of four bytes in front.
 *
 * <p>Threading: confined to its user.
 */
final class FormatWriter {

    /** Length of {@link TreeOp#NO_DATA}. */
    static final int NONE = -1;

    private ByteBuffer bytes;

    FormatWriter(int expectedBytes) {
        this.bytes = ByteBuffer.allocate(expectedBytes);
    }

    private ByteBuffer room(int more) {
        if (bytes.remaining() < more) {
            int wanted = Math.addExact(bytes.position(), more);
            int length = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(wanted, 2L * bytes.capacity()));
            bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), length)).position(bytes.position());
        }
        return bytes;
    }

    FormatWriter putByte(int value) {
        room(Byte.BYTES).put((byte) value);
        return this;
    }

    FormatWriter putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    FormatWriter putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    FormatWriter putRaw(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    FormatWriter putData(byte[] data) {
        if (data == TreeOp.NO_DATA) {
            return putInt(NONE);
        }
        return putInt(data.length).putRaw(data);
    }

    /** @throws IllegalArgumentException when the text has half of a surrogate pair, since it would come back as another text */
    FormatWriter putText(String text) {
        int start = bytes.position();
        ByteBuffer out = putInt(text.length()).room(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                bytes.position(start);
                return putEncoded(text);
            }
            out.put((byte) c);
        }
        return this;
    }

    /** Text that is not ASCII, which most is. */
    private FormatWriter putEncoded(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            putInt(encoded.remaining());
            room(encoded.remaining()).put(encoded);
            return this;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("text is not Unicode: text=" + text, e);
        }
    }

    FormatWriter putAcl(List<Acl> list) {
        putInt(list.size());
        for (Acl acl : list) {
            putInt(acl.permissions()).putText(acl.scheme()).putText(acl.id());
        }
        return this;
    }

    int sizeBytes() {
        return bytes.position();
    }

    /** What was put, as a view that lasts until the next call. */
    ByteBuffer view() {
        return bytes.duplicate().flip();
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** Begins anew; memory that one large value has taken is given back. */
    void clear(int expectedBytes) {
        if (bytes.capacity() > 4 * expectedBytes) {
            bytes = ByteBuffer.allocate(expectedBytes);
        }
        bytes.clear();
    }
}
