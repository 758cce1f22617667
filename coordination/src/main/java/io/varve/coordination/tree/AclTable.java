// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The access lists in use, each once: most nodes have one of a few.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class AclTable {

    /** What a node has before it comes into the tree. */
    static final Entry UNUSED = new Entry(List.of());

    private final Map<List<Acl>, Entry> entries = new HashMap<>();

    /** An access list and the number of nodes that have it. */
    static final class Entry {

        private final List<Acl> list;
        private final long hash;
        private int nodes;

        private Entry(List<Acl> list) {
            this.list = list;
            long hashed = 0;
            for (Acl acl : list) {
                hashed = TreeHash.mix(TreeHash.mix(TreeHash.mix(hashed, acl.permissions()), acl.scheme()), acl.id());
            }
            this.hash = hashed;
        }

        List<Acl> list() {
            return list;
        }

        long hash() {
            return hash;
        }
    }

    /** The entry of a list. It is in the table from the first {@link #retain} to the last {@link #release}. */
    Entry entry(List<Acl> list) {
        Entry entry = entries.get(list);
        return entry == null ? new Entry(list) : entry;
    }

    void retain(Entry entry) {
        if (entry.nodes++ == 0) {
            entries.put(entry.list, entry);
        }
    }

    void release(Entry entry) {
        if (--entry.nodes == 0) {
            entries.remove(entry.list, entry);
        }
    }

    int size() {
        return entries.size();
    }
}
