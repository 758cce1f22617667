// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The hashes behind the digest of a tree and the tables of children; none of them is of use against an adversary who sees them. */
final class TreeHash {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private TreeHash() {}

    /** Takes a value into a hash; the order of the values counts. */
    static long mix(long hash, long value) {
        long mixed = (hash ^ value) * STEP;
        mixed = (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L;
        return mixed ^ (mixed >>> 32);
    }

    static long mix(long hash, byte[] bytes) {
        long mixed = mix(hash, bytes.length);
        int at = 0;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            mixed = mix(mixed, (long) LONGS.get(bytes, at));
        }
        for (; at < bytes.length; at++) {
            mixed = mix(mixed, bytes[at]);
        }
        return mixed;
    }

    static long mix(long hash, String text) {
        return mix(mix(hash, text.length()), text.hashCode());
    }

    /** The hash of a part of a text under a seed, so that nobody who does not know the seed can make names collide. */
    static int seeded(long seed, String text, int from, int to) {
        long hash = seed;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text.charAt(i)) * STEP;
            hash ^= hash >>> 29;
        }
        return (int) (hash ^ (hash >>> 32));
    }
}
