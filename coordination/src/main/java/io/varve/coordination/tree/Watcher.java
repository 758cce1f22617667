// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * Is told of changes, on the member's thread. It must not block; it may add and remove watches, which does not concern the event that
 * is being told. Watchers are told apart by identity and must not override {@code equals}.
 */
@FunctionalInterface
public interface Watcher {

    /** A watched node has changed. */
    void onEvent(WatchEvent event);
}
