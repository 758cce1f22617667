// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import org.jspecify.annotations.Nullable;

/** Addresses of the scheme ip: {@code address} or {@code address/bits}, version 4 or 6. */
final class IpRange {

    private static final int V6_GROUPS = 8;

    private IpRange() {}

    static boolean isValid(String range) {
        int slash = range.indexOf('/');
        byte[] address = address(slash < 0 ? range : range.substring(0, slash));
        return address != null && bits(range, slash, address.length) >= 0;
    }

    /** Whether an address lies in a range; false when either is malformed. */
    static boolean contains(String range, String address) {
        int slash = range.indexOf('/');
        byte[] first = address(slash < 0 ? range : range.substring(0, slash));
        byte[] other = address(address);
        if (first == null || other == null || first.length != other.length) {
            return false;
        }
        int bits = bits(range, slash, first.length);
        return bits >= 0 && agree(first, other, bits);
    }

    private static boolean agree(byte[] first, byte[] other, int bits) {
        for (int i = 0; i < bits; i++) {
            int mask = 0x80 >> (i & 7);
            if (((first[i >> 3] ^ other[i >> 3]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Number of bits that count, -1 when it is malformed. */
    private static int bits(String range, int slash, int addressBytes) {
        int all = addressBytes * Byte.SIZE;
        return slash < 0 ? all : number(range.substring(slash + 1), 10, all);
    }

    /** A number from 0 to a largest, -1 when it is not one. */
    private static int number(String text, int radix, int largest) {
        try {
            int number = Integer.parseInt(text, radix);
            return number <= largest ? number : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static byte @Nullable [] address(String text) {
        return text.indexOf(':') >= 0 ? v6(text) : v4(text);
    }

    private static byte @Nullable [] v4(String text) {
        String[] parts = text.split("\\.", -1);
        byte[] address = new byte[4];
        if (parts.length != address.length) {
            return null;
        }
        for (int i = 0; i < address.length; i++) {
            int part = number(parts[i], 10, 0xff);
            if (part < 0) {
                return null;
            }
            address[i] = (byte) part;
        }
        return address;
    }

    private static byte @Nullable [] v6(String text) {
        String[] halves = text.split("::", -1);
        String[] head = groups(halves[0]);
        String[] tail = groups(halves.length == 2 ? halves[1] : "");
        boolean whole = halves.length == 1 && head.length == V6_GROUPS;
        boolean shortened = halves.length == 2 && head.length + tail.length < V6_GROUPS;
        byte[] address = new byte[V6_GROUPS * 2];
        return (whole || shortened) && put(head, address, 0) && put(tail, address, address.length - tail.length * 2)
                ? address
                : null;
    }

    private static String[] groups(String half) {
        return half.isEmpty() ? new String[0] : half.split(":", -1);
    }

    private static boolean put(String[] groups, byte[] address, int from) {
        for (int i = 0; i < groups.length; i++) {
            int group = groups[i].length() > 4 ? -1 : number(groups[i], 16, 0xffff);
            if (group < 0) {
                return false;
            }
            address[from + 2 * i] = (byte) (group >> 8);
            address[from + 2 * i + 1] = (byte) group;
        }
        return true;
    }
}
