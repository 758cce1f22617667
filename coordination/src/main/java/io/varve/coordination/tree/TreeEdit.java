// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transaction in the making: its number and time, what it has changed, and how to undo that.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeEdit {

    final long zxid;
    final long timeMs;
    private final List<TreeChange> changes = new ArrayList<>();

    /** The last step first; null when nothing will be undone. */
    private final @Nullable Deque<Runnable> undoing;

    /** @param undoable whether {@link #undo} may be called */
    TreeEdit(long zxid, long timeMs, boolean undoable) {
        this.zxid = zxid;
        this.timeMs = timeMs;
        this.undoing = undoable ? new ArrayDeque<>() : null;
    }

    void changed(TreeChange change) {
        changes.add(change);
    }

    List<TreeChange> changes() {
        return changes;
    }

    boolean isUndoable() {
        return undoing != null;
    }

    /** Remembers how to take back the step that is taken next; steps are taken back last first. */
    void onUndo(Runnable step) {
        if (undoing != null) {
            undoing.push(step);
        }
    }

    void undo() {
        if (undoing == null) {
            throw new IllegalStateException("a transaction that cannot be undone: zxid=" + zxid);
        }
        while (!undoing.isEmpty()) {
            undoing.pop().run();
        }
        changes.clear();
    }
}
