// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reads what {@link FormatWriter} has written. No length is believed before the bytes are there, so nothing is allocated beyond a small
 * multiple of the input.
 *
 * <p>Threading: confined to its user.
 */
final class FormatReader {

    private final ByteBuffer bytes;

    FormatReader(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    int takeByte() {
        need(Byte.BYTES);
        return bytes.get();
    }

    int takeInt() {
        need(Integer.BYTES);
        return bytes.getInt();
    }

    long takeLong() {
        need(Long.BYTES);
        return bytes.getLong();
    }

    byte[] takeRaw(int length) {
        need(length);
        byte[] raw = new byte[length];
        bytes.get(raw);
        return raw;
    }

    byte[] takeData() {
        int length = takeInt();
        if (length == FormatWriter.NONE) {
            return TreeOp.NO_DATA;
        }
        return length == 0 ? TreeOp.EMPTY : takeRaw(length);
    }

    String takeText() {
        byte[] encoded = takeRaw(takeInt());
        if (isAscii(encoded)) {
            return new String(encoded, StandardCharsets.US_ASCII);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(encoded))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("text is not UTF-8", e);
        }
    }

    private static boolean isAscii(byte[] encoded) {
        for (byte each : encoded) {
            if (each < 0) {
                return false;
            }
        }
        return true;
    }

    List<Acl> takeAcl() {
        return takeList(12, () -> new Acl(takeInt(), takeText(), takeText()));
    }

    /** A list of elements of at least {@code leastBytes} each. */
    <T> List<T> takeList(int leastBytes, Supplier<T> element) {
        int count = takeInt();
        if (count < 0 || count > bytes.remaining() / leastBytes) {
            throw new FormatException("count out of range: count=" + count + ", bytes left=" + bytes.remaining());
        }
        List<T> list = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            list.add(element.get());
        }
        return list;
    }

    private void need(int length) {
        if (length < 0 || length > bytes.remaining()) {
            throw new FormatException("length out of range: length=" + length + ", bytes left=" + bytes.remaining());
        }
    }

    boolean isAtEnd() {
        return !bytes.hasRemaining();
    }
}
