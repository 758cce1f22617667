// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import io.varve.target.Member;
import io.varve.target.Quorum;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/**
 * Kills the leader under the writes of one session per member.
 *
 * @param leaderMs from the kill until another member says that it leads
 * @param gapMs from the kill until the first acknowledgement of a write that began after it, of whichever session
 * @param longestGapMs the same for the session that waited longest
 */
record Failover(double leaderMs, double gapMs, double longestGapMs) {

    private static final int SESSION_TIMEOUT_MS = 30_000;
    private static final int SETTLE_MS = 2000;
    private static final int GAP_TIMEOUT_MS = 120_000;

    /** Measures one; the member that was killed is started again. */
    static Failover measure(Quorum quorum, String group) throws Exception {
        List<Writer> writers = new ArrayList<>();
        for (int i = 0; i < quorum.members().size(); i++) {
            writers.add(new Writer(quorum.connectString(), group + "-" + i));
        }
        try {
            Thread.sleep(SETTLE_MS);
            Member leader = quorum.awaitLeader();
            long killedNs = System.nanoTime();
            leader.kill();
            writers.forEach(writer -> writer.await(killedNs));
            quorum.awaitLeader();
            double leaderMs = (System.nanoTime() - killedNs) / 1e6;
            double shortest = Double.MAX_VALUE;
            double longest = 0;
            for (Writer writer : writers) {
                double gapMs = (writer.resumedNs() - killedNs) / 1e6;
                shortest = Math.min(shortest, gapMs);
                longest = Math.max(longest, gapMs);
            }
            leader.start();
            quorum.awaitServing();
            return new Failover(leaderMs, shortest, longest);
        } finally {
            for (Writer writer : writers) {
                writer.close();
            }
        }
    }

    /** Sets one node without pause. */
    private static final class Writer implements AutoCloseable {

        private static final long NEVER = Long.MAX_VALUE;

        private final ZooKeeper client;
        private final String node;
        private final Thread thread;
        private final AtomicLong killedNs = new AtomicLong(NEVER);
        private final AtomicLong resumedNs = new AtomicLong(NEVER);
        private volatile boolean writing = true;

        Writer(String connectString, String node) throws IOException {
            this.client = new ZooKeeper(connectString, SESSION_TIMEOUT_MS, event -> {});
            this.node = node;
            this.thread = new Thread(this::write, "failover-" + node);
            thread.start();
        }

        private void write() {
            boolean created = false;
            while (writing) {
                long startNs = System.nanoTime();
                try {
                    if (created) {
                        client.setData(node, new byte[100], -1);
                    } else {
                        client.create(node, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
                        created = true;
                    }
                } catch (KeeperException.NodeExistsException e) {
                    created = true;
                } catch (KeeperException.ConnectionLossException e) {
                    continue;
                } catch (KeeperException | InterruptedException e) {
                    throw new IllegalStateException("a writer failed: node=" + node, e);
                }
                if (startNs > killedNs.get()) {
                    resumedNs.compareAndSet(NEVER, System.nanoTime());
                }
            }
        }

        void await(long sinceNs) {
            killedNs.set(sinceNs);
        }

        long resumedNs() throws InterruptedException {
            for (int waitedMs = 0; resumedNs.get() == NEVER; waitedMs++) {
                if (waitedMs > GAP_TIMEOUT_MS) {
                    throw new IllegalStateException("writes do not go on: node=" + node);
                }
                Thread.sleep(1);
            }
            return resumedNs.get();
        }

        @Override
        public void close() {
            writing = false;
            try {
                thread.join();
                client.close();
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted while a session closes", e);
            }
        }
    }
}
