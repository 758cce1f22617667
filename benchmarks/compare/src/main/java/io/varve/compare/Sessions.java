// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import io.varve.target.Quorum;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/** Sessions of Apache ZooKeeper's client, spread over the members, each with a node of its own below that of the group. */
final class Sessions implements AutoCloseable {

    private static final int SESSION_TIMEOUT_MS = 30_000;
    private static final int CONNECT_TIMEOUT_S = 120;

    private final List<ZooKeeper> clients = new ArrayList<>();
    private final String group;

    private Sessions(String group) {
        this.group = group;
    }

    /** Opens sessions, turn by turn on each member, and lays their nodes. */
    static Sessions open(Quorum quorum, int count, String group, byte[] data)
            throws IOException, InterruptedException, KeeperException {
        Sessions sessions = new Sessions(group);
        CountDownLatch connected = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            String member = quorum.members().get(i % quorum.members().size()).connectString();
            sessions.clients.add(new ZooKeeper(member, SESSION_TIMEOUT_MS, event -> {
                if (event.getState() == KeeperState.SyncConnected) {
                    connected.countDown();
                }
            }));
        }
        if (!connected.await(CONNECT_TIMEOUT_S, TimeUnit.SECONDS)) {
            throw new IllegalStateException("sessions cannot be opened: missing=" + connected.getCount());
        }
        ZooKeeper first = sessions.clients.get(0);
        first.create(group, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (int i = 0; i < count; i++) {
            sessions.clients.get(i).create(sessions.node(i), data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
        return sessions;
    }

    int count() {
        return clients.size();
    }

    ZooKeeper client(int session) {
        return clients.get(session);
    }

    String node(int session) {
        return group + "/" + session;
    }

    /** All at the same time: each close ends with a pause of the client's. */
    @Override
    public void close() {
        List<Thread> closing = new ArrayList<>();
        for (ZooKeeper client : clients) {
            Thread thread = new Thread(() -> close(client));
            thread.start();
            closing.add(thread);
        }
        try {
            for (Thread thread : closing) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while sessions close", e);
        }
    }

    private static void close(ZooKeeper client) {
        try {
            client.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
