// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.jspecify.annotations.Nullable;

/**
 * The events of a session, in the order in which the client hears of them.
 *
 * <p>Threading: safe; events come on the client's thread and are taken on the command's.
 */
final class TreeEvents implements Watcher {

    /** Takes the place of an event that will not come. */
    private static final WatchedEvent STOP = new WatchedEvent(EventType.None, KeeperState.Closed, null);

    private final BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();

    @Override
    public void process(WatchedEvent event) {
        events.add(event);
    }

    /** Lets {@link #next()} return null once the events before are taken. */
    void stop() {
        events.add(STOP);
    }

    /** Waits for the next event; null when there is none because of {@link #stop()}. */
    @Nullable
    WatchedEvent next() throws InterruptedException {
        final WatchedEvent event = events.take();
        return event == STOP ? null : event;
    }

    /** Waits until the session is open, refused or closed; null when the time is over before. */
    @Nullable
    KeeperState opened(int timeoutMs) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        WatchedEvent event;
        do {
            event = events.poll(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
        } while (event != null && event.getState() == KeeperState.Disconnected);
        return event == null ? null : event.getState();
    }
}
