// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The children of a node by name: a hash table with open addressing and linear probing, because a map of the library would cost as much
 * memory as the nodes. Deletion shifts back what stands behind it in the same run, so there are no tombstones.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class ChildTable {

    private static final int SMALLEST = 4;

    /** A power of two long, at most three quarters full. */
    private @Nullable TreeNode[] table = new TreeNode[SMALLEST];

    private int size;

    int size() {
        return size;
    }

    /** The child whose name is {@code text} from {@code from} to {@code to} (exclusive). */
    @Nullable
    TreeNode find(int nameHash, String text, int from, int to) {
        int mask = table.length - 1;
        for (int i = nameHash & mask; ; i = (i + 1) & mask) {
            TreeNode child = table[i];
            if (child == null || (child.nameHash == nameHash && isNamed(child, text, from, to))) {
                return child;
            }
        }
    }

    private static boolean isNamed(TreeNode child, String text, int from, int to) {
        return child.name.length() == to - from && text.startsWith(child.name, from);
    }

    /** Adds a child whose name is not there yet. */
    void add(TreeNode child) {
        if ((size + 1) * 4L > table.length * 3L) {
            resize(table.length * 2);
        }
        put(child);
        size++;
    }

    private void put(TreeNode child) {
        int mask = table.length - 1;
        int i = child.nameHash & mask;
        while (table[i] != null) {
            i = (i + 1) & mask;
        }
        table[i] = child;
    }

    /** Removes a child that is there. */
    void remove(TreeNode child) {
        int mask = table.length - 1;
        int hole = child.nameHash & mask;
        while (table[hole] != child) {
            hole = (hole + 1) & mask;
        }
        shiftBack(hole, mask);
        size--;
        if (table.length > SMALLEST && size * 8L < table.length) {
            resize(table.length / 2);
        }
    }

    /** Fills a hole with the next of its run that may stand there, and so on with the hole that this leaves. */
    private void shiftBack(int first, int mask) {
        int hole = first;
        for (int i = (hole + 1) & mask; ; i = (i + 1) & mask) {
            TreeNode next = table[i];
            if (next == null) {
                table[hole] = null;
                return;
            }
            int distanceHome = (i - (next.nameHash & mask)) & mask;
            if (distanceHome >= ((i - hole) & mask)) {
                table[hole] = next;
                hole = i;
            }
        }
    }

    private void resize(int length) {
        @Nullable TreeNode[] old = table;
        table = new TreeNode[length];
        for (TreeNode child : old) {
            if (child != null) {
                put(child);
            }
        }
    }

    void forEach(Consumer<TreeNode> consumer) {
        for (TreeNode child : table) {
            if (child != null) {
                consumer.accept(child);
            }
        }
    }

    List<String> names() {
        List<String> names = new ArrayList<>(size);
        forEach(child -> names.add(child.name));
        return names;
    }
}
