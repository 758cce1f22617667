// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Opens sessions on an Apache ZooKeeper ensemble, or on whatever else speaks its protocol.
 *
 * <p>The client is Apache ZooKeeper's own, 3.9 or later, and an optional dependency: who calls this adds the artifact
 * {@value #ARTIFACT}. The client logs through SLF4J and reads the system properties that its own documentation names, for example
 * those for TLS.
 *
 * <p>Threading: safe.
 */
public final class ZooKeeperCoordinator {

    /** The Maven coordinates of the client. */
    static final String ARTIFACT = "org.apache.zookeeper:zookeeper:3.9.5";

    private static final String CLIENT = "org.apache.zookeeper.ZooKeeper";

    private ZooKeeperCoordinator() {}

    /**
     * Opens a session. Does not wait: the stage completes with the session once a server has accepted it.
     *
     * <p>Of the session that comes out of it: a change of state is CONNECTED to SUSPENDED when the connection breaks, back when
     * another server (or the same) takes the session over, and LOST when the ensemble says that it has expired, which it can only say
     * once it is reached again. An operation that was under way when the connection broke fails with
     * {@link io.varve.coordination.QuorumLostException}: it may have taken effect. Watches outlive the connection; after a break each
     * is told {@link TreeListener.Change#MISSED} before anything else. {@link Coordinator#close()} waits for the ensemble's
     * acknowledgement, at most about the session's timeout, except on the session's own thread.
     *
     * @param connectString {@code host:port} of the servers, separated by commas, and optionally a path under which all paths of the
     *     session lie, as in {@code a:2181,b:2181/varve}
     * @param sessionTimeout how long the session outlives its connection; the ensemble may grant another. At least 1 ms.
     * @param connectTimeout how long to try before the stage fails with {@link io.varve.coordination.QuorumLostException}. At least
     *     1 ms.
     * @throws IllegalArgumentException when the connect string cannot be understood or a timeout is out of range
     * @throws IllegalStateException when the client is not on the class path
     */
    public static CompletionStage<Coordinator> connect(
            String connectString, Duration sessionTimeout, Duration connectTimeout) {
        int sessionTimeoutMs = milliseconds("sessionTimeout", sessionTimeout);
        int connectTimeoutMs = milliseconds("connectTimeout", connectTimeout);
        requireClient();
        return ZooKeeperSession.connect(connectString, sessionTimeoutMs, connectTimeoutMs);
    }

    private static int milliseconds(String name, Duration duration) {
        if (duration.compareTo(Duration.ofMillis(1)) < 0
                || duration.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException(
                    "timeout out of range: " + name + "=" + duration + ", smallest=1 ms, largest=2^31-1 ms");
        }
        return (int) duration.toMillis();
    }

    private static void requireClient() {
        try {
            Class.forName(CLIENT, false, ZooKeeperCoordinator.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "ZooKeeper's client is not on the class path: add the artifact " + ARTIFACT + " to the application",
                    e);
        }
    }
}
