// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** How a node is created: how long it lives and whether its name gets a number. */
public enum CreateMode {
    /** Lives until it is deleted. */
    PERSISTENT,
    /** Lives until it is deleted; its parent's counter is appended to its name. */
    PERSISTENT_SEQUENTIAL,
    /** Lives until it is deleted or its session ends; can have no children. */
    EPHEMERAL,
    /** As EPHEMERAL, with its parent's counter appended to its name. */
    EPHEMERAL_SEQUENTIAL,
    /** Lives until it is deleted; may be reaped once it has had a child and has none. */
    CONTAINER,
    /** Lives until it is deleted; may be reaped when it has no child and was not changed for its time to live. */
    PERSISTENT_WITH_TTL,
    /** As PERSISTENT_WITH_TTL, with its parent's counter appended to its name. */
    PERSISTENT_SEQUENTIAL_WITH_TTL;

    /** Whether the node goes when its session ends. */
    public boolean isEphemeral() {
        return this == EPHEMERAL || this == EPHEMERAL_SEQUENTIAL;
    }

    /** Whether a number is appended to the name. */
    public boolean isSequential() {
        return this == PERSISTENT_SEQUENTIAL || this == EPHEMERAL_SEQUENTIAL || this == PERSISTENT_SEQUENTIAL_WITH_TTL;
    }

    /** Whether the node has a time to live. */
    public boolean hasTtl() {
        return this == PERSISTENT_WITH_TTL || this == PERSISTENT_SEQUENTIAL_WITH_TTL;
    }
}
