// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** What a watch is told of, and how often. */
public enum WatchKind {
    /** The next creation, setting or deletion of the node; what exists and getData leave. */
    DATA,
    /** The next coming or going of a child, or the deletion of the node; what getChildren leaves. */
    CHILDREN,
    /** Each of those, until it is removed. */
    PERSISTENT,
    /** Each creation, setting or deletion of the node or of a node below it, until it is removed. */
    PERSISTENT_RECURSIVE
}
