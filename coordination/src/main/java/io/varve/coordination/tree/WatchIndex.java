// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Watchers by path and paths by watcher; for each pair a set of modes in the bits of a byte.
 *
 * <p>Threading: confined to the member's thread.
 */
final class WatchIndex {

    static final byte ONCE = 1;
    static final byte PERSISTENT = 2;
    static final byte RECURSIVE = 4;
    static final byte ANY = ONCE | PERSISTENT | RECURSIVE;

    /** Insertion order, so that watchers are told in the order in which they came. */
    private final Map<String, Map<Watcher, Byte>> byPath = new HashMap<>();

    private final Map<Watcher, Set<String>> byWatcher = new HashMap<>();
    private int watches;

    /** Pairs with RECURSIVE; while there are none, the ancestors of a path need not be looked at. */
    private int recursive;

    void add(String path, Watcher watcher, byte mode) {
        Map<Watcher, Byte> watchers = byPath.computeIfAbsent(path, key -> new LinkedHashMap<>(4));
        byte before = modes(watchers, watcher);
        put(path, watchers, watcher, before, (byte) (before | mode));
    }

    boolean contains(String path, Watcher watcher, byte modes) {
        Map<Watcher, Byte> watchers = byPath.get(path);
        return watchers != null && (modes(watchers, watcher) & modes) != 0;
    }

    boolean remove(String path, Watcher watcher, byte modes) {
        Map<Watcher, Byte> watchers = byPath.get(path);
        if (watchers == null) {
            return false;
        }
        byte before = modes(watchers, watcher);
        put(path, watchers, watcher, before, (byte) (before & ~modes));
        return (before & modes) != 0;
    }

    void removeAll(Watcher watcher) {
        Set<String> paths = byWatcher.get(watcher);
        if (paths != null) {
            for (String path : Set.copyOf(paths)) {
                remove(path, watcher, ANY);
            }
        }
    }

    private static byte modes(Map<Watcher, Byte> watchers, Watcher watcher) {
        return watchers.getOrDefault(watcher, (byte) 0);
    }

    private void put(String path, Map<Watcher, Byte> watchers, Watcher watcher, byte before, byte after) {
        if (after == 0) {
            watchers.remove(watcher);
        } else {
            watchers.put(watcher, after);
        }
        account(path, watcher, before, after);
        if (watchers.isEmpty()) {
            byPath.remove(path);
        }
    }

    /** Keeps the other direction and the counts in step with a pair whose modes change. */
    private void account(String path, Watcher watcher, byte before, byte after) {
        recursive += (after & RECURSIVE) / RECURSIVE - (before & RECURSIVE) / RECURSIVE;
        if (before == 0 && after != 0) {
            watches++;
            byWatcher.computeIfAbsent(watcher, key -> new LinkedHashSet<>()).add(path);
        } else if (before != 0 && after == 0) {
            watches--;
            Set<String> paths = byWatcher.get(watcher);
            if (paths != null && paths.remove(path) && paths.isEmpty()) {
                byWatcher.remove(watcher);
            }
        }
    }

    /**
     * Tells the watchers of the event's path, and the recursive ones of its ancestors, except those that have been told.
     *
     * @return who watched it, told or not
     */
    Set<Watcher> trigger(WatchEvent event, Set<Watcher> except) {
        Set<Watcher> concerned = take(event.path());
        if (recursive > 0) {
            concerned = withRecursive(event.path(), concerned);
        }
        for (Watcher watcher : concerned) {
            if (!except.contains(watcher)) {
                watcher.onEvent(event);
            }
        }
        return concerned;
    }

    /** The watchers of a path; those that watch once no longer do. */
    private Set<Watcher> take(String path) {
        Map<Watcher, Byte> watchers = byPath.get(path);
        if (watchers == null) {
            return Set.of();
        }
        Set<Watcher> taken = new LinkedHashSet<>(watchers.keySet());
        for (Iterator<Map.Entry<Watcher, Byte>> i = watchers.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<Watcher, Byte> entry = i.next();
            byte before = entry.getValue();
            byte after = (byte) (before & ~ONCE);
            account(path, entry.getKey(), before, after);
            if (after == 0) {
                i.remove();
            } else {
                entry.setValue(after);
            }
        }
        if (watchers.isEmpty()) {
            byPath.remove(path);
        }
        return taken;
    }

    private Set<Watcher> withRecursive(String path, Set<Watcher> watchers) {
        Set<Watcher> all = new LinkedHashSet<>(watchers);
        for (String ancestor = above(path); ancestor != null; ancestor = above(ancestor)) {
            Map<Watcher, Byte> there = byPath.get(ancestor);
            if (there != null) {
                there.forEach((watcher, modes) -> {
                    if ((modes & RECURSIVE) != 0) {
                        all.add(watcher);
                    }
                });
            }
        }
        return all;
    }

    private static @Nullable String above(String path) {
        return path.equals("/") ? null : TreePaths.parent(path);
    }

    int watchCount() {
        return watches;
    }

    void forEach(BiConsumer<String, Watcher> consumer) {
        byPath.forEach((path, watchers) -> watchers.keySet().forEach(watcher -> consumer.accept(path, watcher)));
    }
}
