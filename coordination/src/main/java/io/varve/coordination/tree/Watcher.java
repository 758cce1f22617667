// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** Is told of changes, on the member's thread; must neither block nor change the {@link WatchTable}. Compared by identity. */
@FunctionalInterface
public interface Watcher {

    /** A watched node has changed. */
    void onEvent(WatchEvent event);
}
