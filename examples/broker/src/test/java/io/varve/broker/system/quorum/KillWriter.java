// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/**
 * Writes without pause in a session of its own while members are killed.
 *
 * <p>Threading: its own thread writes; the history is for others once that has ended.
 */
final class KillWriter {

    private static final int RETRY_MS = 10;

    private final WriteHistory history = new WriteHistory();
    private final AtomicReference<Gap> gap = new AtomicReference<>();
    private final String path;
    private final ZooKeeper client;
    private final Thread thread;
    private volatile boolean writing = true;

    /** The time since a kill until the first acknowledgement of a write that began after it. */
    private record Gap(long killedNs, CountDownLatch over) {}

    KillWriter(String connectString, String path) throws IOException, KeeperException, InterruptedException {
        this.path = path;
        this.client = new ZooKeeper(connectString, TargetQuorum.SESSION_TIMEOUT_MS, this::onSession);
        while (!exists()) {
            pause();
        }
        this.thread = new Thread(this::write, "writer-" + path);
        thread.start();
    }

    private boolean exists() throws KeeperException, InterruptedException {
        try {
            client.create(path, "-1".getBytes(UTF_8), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            return true;
        } catch (KeeperException.NodeExistsException e) {
            return true;
        } catch (KeeperException.ConnectionLossException e) {
            return false;
        }
    }

    private void onSession(WatchedEvent event) {
        if (event.getState() == KeeperState.Expired) {
            history.violated(
                    "a session that kept its heartbeat expired: session=0x" + Long.toHexString(client.getSessionId()));
            writing = false;
        }
    }

    private void write() {
        for (int number = 0; writing; number++) {
            try {
                if (create(number)) {
                    history.created(number);
                } else {
                    history.maybeCreated(number);
                }
                if (set(number)) {
                    history.set(number);
                } else {
                    history.maybeSet(number);
                    history.read(value());
                }
            } catch (KeeperException e) {
                history.violated("a write failed: " + e);
                return;
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts a writer", e);
            }
        }
    }

    /** Whether it was acknowledged. */
    private boolean create(int number) throws KeeperException, InterruptedException {
        long startNs = System.nanoTime();
        try {
            client.create(path + "/" + number, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            acknowledged(startNs);
            return true;
        } catch (KeeperException.ConnectionLossException e) {
            return false;
        }
    }

    private boolean set(int number) throws KeeperException, InterruptedException {
        long startNs = System.nanoTime();
        try {
            client.setData(path, String.valueOf(number).getBytes(UTF_8), -1);
            acknowledged(startNs);
            return true;
        } catch (KeeperException.ConnectionLossException e) {
            return false;
        }
    }

    /** The value as this session sees it, once it has a server again. */
    private int value() throws KeeperException, InterruptedException {
        while (true) {
            try {
                return Integer.parseInt(new String(client.getData(path, false, null), UTF_8));
            } catch (KeeperException.ConnectionLossException e) {
                pause();
            }
        }
    }

    private static void pause() throws InterruptedException {
        Thread.sleep(RETRY_MS);
    }

    private void acknowledged(long startNs) {
        Gap open = gap.get();
        if (open != null && startNs - open.killedNs() > 0) {
            open.over().countDown();
        }
    }

    /** Counts {@code over} down at the first acknowledgement of a write that begins after {@code killedNs}. */
    void watchGap(long killedNs, CountDownLatch over) {
        gap.set(new Gap(killedNs, over));
    }

    /** Stops writing; the history is complete afterwards. */
    WriteHistory stop() throws InterruptedException {
        writing = false;
        thread.join();
        client.close();
        return history;
    }

    String path() {
        return path;
    }
}
