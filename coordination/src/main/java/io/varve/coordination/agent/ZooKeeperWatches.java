// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * The persistent recursive watches of a session: one on the server for each root, however many listeners it has here.
 *
 * <p>A server knows a session's watches by path alone, so a watch is taken away there only with its last listener. The client sets
 * the watches again on whatever server it reconnects to, before it sends anything else; what happened in between nobody tells, which
 * is what {@link #missed()} is for.
 *
 * <p>Threading: safe; listeners are called on the client's event thread.
 */
final class ZooKeeperWatches {

    /** Is told how adding a watch went. */
    interface Added {
        void take(int rc, @Nullable AutoCloseable watch);
    }

    private final ZooKeeper client;

    @GuardedBy("this")
    private final Map<String, Root> roots = new HashMap<>();

    /** The transaction of the last change that was told; only the event thread writes it. */
    private volatile long lastZxid;

    ZooKeeperWatches(ZooKeeper client) {
        this.client = client;
    }

    /** What is watched; the client calls it with the changes. */
    private final class Root implements Watcher {
        private final String path;
        private final List<TreeListener> listeners = new CopyOnWriteArrayList<>();

        /** Listeners that are there or will be when the server has answered. */
        private int users;

        Root(String path) {
            this.path = path;
        }

        @Override
        public void process(WatchedEvent event) {
            TreeListener.Change change = change(event.getType());
            if (change == null) {
                return;
            }
            lastZxid = Math.max(lastZxid, event.getZxid());
            tell(change, event.getPath(), event.getZxid());
        }

        void tell(TreeListener.Change change, String changed, long zxid) {
            for (TreeListener listener : listeners) {
                listener.onChange(change, changed, zxid);
            }
        }
    }

    private static TreeListener.@Nullable Change change(Watcher.Event.EventType type) {
        return switch (type) {
            case NodeCreated -> TreeListener.Change.CREATED;
            case NodeDataChanged -> TreeListener.Change.DATA_SET;
            case NodeDeleted -> TreeListener.Change.DELETED;
            default -> null; // states of the session, of which the session's own watcher hears
        };
    }

    /** Adds a listener; it hears what the server does after it has answered. */
    synchronized void add(String path, TreeListener listener, Added added) {
        Root root = roots.computeIfAbsent(path, Root::new);
        root.users++;
        try {
            client.addWatch(
                    path,
                    root,
                    AddWatchMode.PERSISTENT_RECURSIVE,
                    (rc, asked, context) -> onAdded(rc, root, listener, added),
                    null);
        } catch (IllegalArgumentException e) {
            release(root);
            throw e;
        }
    }

    private void onAdded(int rc, Root root, TreeListener listener, Added added) {
        if (rc != Code.OK.intValue()) {
            release(root);
            added.take(rc, null);
            return;
        }
        root.listeners.add(listener);
        AtomicBoolean removed = new AtomicBoolean();
        added.take(rc, () -> {
            if (!removed.getAndSet(true)) {
                root.listeners.remove(listener);
                release(root);
            }
        });
    }

    private synchronized void release(Root root) {
        root.users--;
        if (root.users == 0) {
            roots.remove(root.path);
            // When this fails the connection is gone, and with it the watch on the server.
            client.removeAllWatches(root.path, WatcherType.Any, true, (rc, asked, context) -> {}, null);
        }
    }

    /** The session had no server for a while and has one again. */
    void missed() {
        List<Root> told;
        synchronized (this) {
            told = List.copyOf(roots.values());
        }
        told.forEach(root -> root.tell(TreeListener.Change.MISSED, root.path, lastZxid));
    }
}
