// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** How long a node lives, as ZooKeeper encodes it in the owner of a node with extended types. */
enum NodeKind {
    /** Until it is deleted. */
    PERSISTENT,
    /** Until its session ends. */
    EPHEMERAL,
    /** Until it has had children and has none. */
    CONTAINER,
    /** Until it has no children and was not set for its time to live. */
    TTL;

    private static final long CONTAINER_OWNER = Long.MIN_VALUE;

    /** The top byte says that the owner is no session; the next two say what it is, zero for a time to live. */
    private static final long EXTENDED = 0xff00000000000000L;

    static NodeKind of(long ephemeralOwner) {
        if (ephemeralOwner == 0) {
            return PERSISTENT;
        }
        if (ephemeralOwner == CONTAINER_OWNER) {
            return CONTAINER;
        }
        return (ephemeralOwner & EXTENDED) == EXTENDED ? TTL : EPHEMERAL;
    }

    /** The owner of a node to be created. */
    static long owner(CreateMode mode, long sessionId, long ttlMs) {
        if (mode == CreateMode.CONTAINER) {
            return CONTAINER_OWNER;
        }
        if (mode.hasTtl()) {
            return EXTENDED | ttlMs;
        }
        return mode.isEphemeral() ? sessionId : 0;
    }

    /** The time to live that an owner encodes, milliseconds. */
    static long ttlMs(long ephemeralOwner) {
        return ephemeralOwner & TreeOp.MAX_TTL_MS;
    }
}
