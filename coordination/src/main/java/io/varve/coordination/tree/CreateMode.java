// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** How a node is created: how long it lives and whether its name gets a number. */
public enum CreateMode {
    /** Lives until it is deleted. */
    PERSISTENT(false, false),
    /** Lives until it is deleted; its parent's counter is appended to its name. */
    PERSISTENT_SEQUENTIAL(false, true),
    /** Lives until it is deleted or its session ends; can have no children. */
    EPHEMERAL(true, false),
    /** As EPHEMERAL, with its parent's counter appended to its name. */
    EPHEMERAL_SEQUENTIAL(true, true);

    private final boolean ephemeral;
    private final boolean sequential;

    CreateMode(boolean ephemeral, boolean sequential) {
        this.ephemeral = ephemeral;
        this.sequential = sequential;
    }

    /** Whether the node goes when its session ends. */
    public boolean isEphemeral() {
        return ephemeral;
    }

    /** Whether a number is appended to the name. */
    public boolean isSequential() {
        return sequential;
    }
}
