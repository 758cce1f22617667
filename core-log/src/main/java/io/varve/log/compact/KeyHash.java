// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * SipHash-2-4 with a result of 128 bits, which stands in {@link #high} and {@link #low} until the next call.
 *
 * <p>Compaction takes keys with the same hash for the same key. Who does not know the secret can neither find nor make such keys, so
 * nobody can have another's record removed; two different keys of honest clients meet once in about 2^64 keys. Source: Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", and the variant of 128 bits in their reference code.
 *
 * <p>Threading: confined to one thread.
 */
final class KeyHash {

    private static final int WORD_BYTES = Long.BYTES;

    private final long secret0;
    private final long secret1;

    private long v0;
    private long v1;
    private long v2;
    private long v3;

    /** The first eight bytes of the hash, little-endian. */
    long high;

    /** The last eight bytes of the hash, little-endian. */
    long low;

    /** The secret is the sixteen bytes of the key as two little-endian numbers. */
    KeyHash(long secret0, long secret1) {
        this.secret0 = secret0;
        this.secret1 = secret1;
    }

    /** Hashes the bytes from position to limit; the buffer is not moved. */
    void hash(ByteBuffer key) {
        v0 = secret0 ^ 0x736f6d6570736575L;
        v1 = secret1 ^ 0x646f72616e646f6dL ^ 0xee;
        v2 = secret0 ^ 0x6c7967656e657261L;
        v3 = secret1 ^ 0x7465646279746573L;
        boolean swapped = key.order() == ByteOrder.BIG_ENDIAN;
        int at = key.position();
        int end = key.limit();
        for (; end - at >= WORD_BYTES; at += WORD_BYTES) {
            long word = key.getLong(at);
            compress(swapped ? Long.reverseBytes(word) : word);
        }
        long last = (long) key.remaining() << 56;
        for (int shift = 0; at < end; at++, shift += Byte.SIZE) {
            last |= (key.get(at) & 0xffL) << shift;
        }
        compress(last);
        v2 ^= 0xee;
        rounds(4);
        high = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        rounds(4);
        low = v0 ^ v1 ^ v2 ^ v3;
    }

    private void compress(long word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }

    private void rounds(int count) {
        long a = v0;
        long b = v1;
        long c = v2;
        long d = v3;
        for (int i = 0; i < count; i++) {
            a += b;
            c += d;
            b = Long.rotateLeft(b, 13) ^ a;
            d = Long.rotateLeft(d, 16) ^ c;
            a = Long.rotateLeft(a, 32);
            c += b;
            a += d;
            b = Long.rotateLeft(b, 17) ^ c;
            d = Long.rotateLeft(d, 21) ^ a;
            c = Long.rotateLeft(c, 32);
        }
        v0 = a;
        v1 = b;
        v2 = c;
        v3 = d;
    }
}
