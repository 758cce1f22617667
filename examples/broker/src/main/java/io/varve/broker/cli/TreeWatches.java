// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;

/**
 * Prints events as they come, one a line.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeWatches {

    private final TreeSession session;
    private final TreeOutput output;

    TreeWatches(TreeSession session, TreeOutput output) {
        this.session = session;
        this.output = output;
    }

    /** Watches a node, or with all below it, until a signal comes, or so many of its events have. */
    void watch(String path, boolean recursive, long maxEvents) {
        final AddWatchMode mode = recursive ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT;
        session.run(path, client -> {
            client.addWatch(path, mode);
            awaitEvents(maxEvents);
        });
    }

    /** Waits for one event if {@code asked}, after what was printed has been handed out. */
    void awaitOne(boolean asked) throws KeeperException, InterruptedException {
        if (asked) {
            output.flush();
            awaitEvents(1);
        }
    }

    private void awaitEvents(long maxEvents) throws KeeperException, InterruptedException {
        final SignalHook hook = new SignalHook(session.events()::stop);
        try {
            long left = maxEvents;
            WatchedEvent event;
            while (left > 0 && (event = session.events().next()) != null) {
                if (event.getState() == KeeperState.Expired) {
                    throw new KeeperException.SessionExpiredException();
                }
                print(event);
                if (event.getType() != EventType.None) {
                    left--; // the connection's own events are shown too: changes may go unseen around them
                }
            }
        } finally {
            hook.finish();
        }
    }

    private void print(WatchedEvent event) {
        output.print(
                object(
                        "type", event.getType().name(),
                        "state", event.getState().name(),
                        "path", event.getPath(),
                        "zxid", event.getZxid()),
                event.toString());
        output.flush();
    }
}
