// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.nio.ByteBuffer;

/**
 * A record of the quorum's log.
 *
 * <p>Threading: immutable, as long as nobody moves the payload's position or writes to it.
 *
 * @param epoch the epoch of the leader that appended it
 * @param kind what the payload is
 * @param payload the bytes from position to limit
 */
public record QuorumEntry(int epoch, Kind kind, ByteBuffer payload) {

    /** What an entry is for. */
    public enum Kind {
        /** The machine's: it alone knows what the payload means. */
        DATA(0),
        /** The first of a leader, without payload: once it is committed, so is all before it. Source: Raft, section 5.4.2. */
        EPOCH_START(1),
        /** The voters from here on, as soon as it is appended. Source: Raft (dissertation), section 4.1. */
        MEMBERS(2);

        private static final Kind[] KINDS = values();

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }

        /** {@return the number that stands for it in files and messages} */
        public byte code() {
            return code;
        }

        /**
         * {@return the kind of a number}
         *
         * @param code the number
         * @throws IllegalArgumentException when there is none
         */
        public static Kind of(int code) {
            for (Kind kind : KINDS) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("unknown kind of entry: code=" + code);
        }
    }

    /** {@return length of the payload in bytes} */
    public int sizeBytes() {
        return payload.remaining();
    }
}
