// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who watches which nodes on one member, and what each is told when the tree changes.
 *
 * <p>Which watch is told of what is ZooKeeper's: a creation concerns the watches of the node's data and those of its parent's
 * children; a deletion those of the node's data and children and those of its parent's children; setting concerns the watches of the
 * node's data. A watcher is told of a change of a path once, however often it is registered for it.
 *
 * <p>Threading: confined to the member's thread.
 */
public final class WatchTable {

    /** Watchers by path: of data, one-shot, persistent and recursive; and of children, one-shot and persistent. */
    private final WatchIndex data = new WatchIndex();

    private final WatchIndex children = new WatchIndex();

    /** Lets a watcher know of changes of a path. Registering twice is registering once. */
    public void add(WatchKind kind, String path, Watcher watcher) {
        switch (kind) {
            case DATA -> data.add(path, watcher, WatchIndex.ONCE);
            case CHILDREN -> children.add(path, watcher, WatchIndex.ONCE);
            case PERSISTENT -> {
                data.add(path, watcher, WatchIndex.PERSISTENT);
                children.add(path, watcher, WatchIndex.PERSISTENT);
            }
            case PERSISTENT_RECURSIVE -> data.add(path, watcher, WatchIndex.RECURSIVE);
        }
    }

    /** Whether a watch of a kind, or of any when null, is there. */
    public boolean contains(@Nullable WatchKind kind, String path, Watcher watcher) {
        if (kind == null) {
            return data.contains(path, watcher, WatchIndex.ANY) || children.contains(path, watcher, WatchIndex.ANY);
        }
        return switch (kind) {
            case DATA -> data.contains(path, watcher, WatchIndex.ONCE);
            case CHILDREN -> children.contains(path, watcher, WatchIndex.ONCE);
            case PERSISTENT -> data.contains(path, watcher, WatchIndex.PERSISTENT);
            case PERSISTENT_RECURSIVE -> data.contains(path, watcher, WatchIndex.RECURSIVE);
        };
    }

    /**
     * Removes the watch of a kind, or of every kind when null.
     *
     * @return whether there was one
     */
    public boolean remove(@Nullable WatchKind kind, String path, Watcher watcher) {
        if (kind == null) {
            boolean ofData = data.remove(path, watcher, WatchIndex.ANY);
            return children.remove(path, watcher, WatchIndex.ANY) || ofData;
        }
        return switch (kind) {
            case DATA -> data.remove(path, watcher, WatchIndex.ONCE);
            case CHILDREN -> children.remove(path, watcher, WatchIndex.ONCE);
            case PERSISTENT -> {
                boolean ofData = data.remove(path, watcher, WatchIndex.PERSISTENT);
                yield children.remove(path, watcher, WatchIndex.PERSISTENT) || ofData;
            }
            case PERSISTENT_RECURSIVE -> data.remove(path, watcher, WatchIndex.RECURSIVE);
        };
    }

    /** Removes all watches of a watcher, in time proportional to their number. */
    public void removeAll(Watcher watcher) {
        data.removeAll(watcher);
        children.removeAll(watcher);
    }

    /** Tells the watchers of a transaction, change by change. */
    public void trigger(TreeTransaction transaction) {
        for (TreeChange change : transaction.changes()) {
            trigger(change, transaction.zxid());
        }
    }

    private void trigger(TreeChange change, long zxid) {
        String path = change.path();
        if (change instanceof TreeChange.Created created) {
            data.trigger(new WatchEvent(WatchEvent.Type.NODE_CREATED, path, zxid, created.acl()), Set.of());
            childrenChanged(path, created.parentAcl(), zxid, Set.of());
        } else if (change instanceof TreeChange.DataSet set) {
            data.trigger(new WatchEvent(WatchEvent.Type.NODE_DATA_CHANGED, path, zxid, set.acl()), Set.of());
        } else if (change instanceof TreeChange.Deleted deleted) {
            WatchEvent event = new WatchEvent(WatchEvent.Type.NODE_DELETED, path, zxid, deleted.acl());
            Set<Watcher> told = data.trigger(event, Set.of());
            children.trigger(event, told);
            childrenChanged(path, deleted.parentAcl(), zxid, Set.of());
        }
    }

    private void childrenChanged(String path, List<Acl> parentAcl, long zxid, Set<Watcher> except) {
        String parent = TreePaths.parent(path);
        children.trigger(new WatchEvent(WatchEvent.Type.NODE_CHILDREN_CHANGED, parent, zxid, parentAcl), except);
    }

    /** Number of watches: of pairs of a watcher and a path, counted for data and for children. */
    public int watchCount() {
        return data.watchCount() + children.watchCount();
    }

    /** Number of paths that are watched. */
    public int pathCount() {
        return byPath().size();
    }

    /** Number of watchers that watch anything. */
    public int watcherCount() {
        return byWatcher().size();
    }

    /** A copy: the watchers of each path that is watched, paths in order. */
    public Map<String, Set<Watcher>> byPath() {
        Map<String, Set<Watcher>> byPath = new TreeMap<>();
        for (WatchIndex index : List.of(data, children)) {
            index.forEach((path, watcher) ->
                    byPath.computeIfAbsent(path, key -> new LinkedHashSet<>()).add(watcher));
        }
        return byPath;
    }

    /** A copy: the paths that each watcher watches. */
    public Map<Watcher, Set<String>> byWatcher() {
        Map<Watcher, Set<String>> byWatcher = new HashMap<>();
        for (WatchIndex index : List.of(data, children)) {
            index.forEach((path, watcher) -> byWatcher
                    .computeIfAbsent(watcher, key -> new LinkedHashSet<>())
                    .add(path));
        }
        return byWatcher;
    }
}
