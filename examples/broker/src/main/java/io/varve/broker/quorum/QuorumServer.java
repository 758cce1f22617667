// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.agent.ClientFront;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.MemberStorages;
import io.varve.coordination.agent.QuorumNode;
import io.varve.coordination.agent.QuorumNodeConfig;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.zookeeper.config.HostPort;
import io.varve.coordination.zookeeper.config.ZooConfig;
import io.varve.transport.netty.ConnectorConfig;
import io.varve.transport.netty.EventLoops;
import io.varve.transport.netty.ListenerConfig;
import io.varve.transport.netty.NettyListener;
import io.varve.transport.netty.NettyTransport;
import io.varve.transport.netty.TlsConfig;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a quorum in a process of its own: what {@code zkServer.sh start-foreground} is.
 *
 * <p>Threading: safe.
 */
public final class QuorumServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(QuorumServer.class);

    private static final int EVENT_LOOPS = 2;

    /** Between members: a snapshot's chunk, or a fetch's entries, of which one may be as large as an entry can be. */
    private static final int MAX_PEER_FRAME_BYTES = 64 << 20;

    /** Members speak several times a second; silence for so long is a broken network. */
    private static final long PEER_IDLE_TIMEOUT_MS = 60_000;

    private final ZooConfig config;
    private final MemberDirectories directories;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private @Nullable QuorumNode node;
    private @Nullable InetSocketAddress clientAddress;

    private QuorumServer(ZooConfig config, MemberDirectories directories) {
        this.config = config;
        this.directories = directories;
    }

    /**
     * Starts a member; it serves its clients as soon as a majority of the members runs.
     *
     * @param text of zoo.cfg, without secrets, for operators who ask for it
     * @throws io.varve.log.storage.DirectoryInUseException when another process, or another member in this one, has the data directory open
     * @throws CoordinationException when the data directory is not this member's, or incomplete
     * @throws java.io.UncheckedIOException when a directory or an address cannot be used
     */
    public static QuorumServer start(ZooConfig config, String text) {
        return start(config, text, MemberDirectories.of(config));
    }

    /** Starts a member with directories of the caller's choice; see {@link #start(ZooConfig, String)}. */
    static QuorumServer start(ZooConfig config, String text, MemberDirectories directories) {
        QuorumServer server = new QuorumServer(config, directories);
        try {
            server.start(text);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void start(String text) {
        config.notices().forEach(LOG::warn);
        final MemberStorages storages = part(MemberStorages.open(directories.state(), directories.log()));
        final EventLoops loops = part(EventLoops.open(EVENT_LOOPS));
        final NettyTransport transport = part(NettyTransport.open(loops, peerListener(), peerConnector()));
        final QuorumNode started = part(QuorumNode.open(
                QuorumNodeConfig.of(config, storages.state(), storages.log()),
                transport,
                (role, epoch, leaderId) -> LOG.info(
                        "Role: memberId={}, role={}, epoch={}, leader={}", memberId(), role, epoch, leaderId)));
        node = started;
        if (config.clients().plain() != null
                || config.clients().secure() != null
                || config.admin().isEnabled()) {
            serve(started.serveClients(QuorumFacts.of(config, text)), loops);
        }
        started.whenStopped().whenComplete((nothing, failure) -> {
            if (failure != null) {
                LOG.error(
                        "The member has failed and serves no more; the others go on. Restart it when the cause is mended.",
                        failure);
            }
        });
    }

    private void serve(ClientFront front, EventLoops loops) {
        final ZooConfig.Clients clients = config.clients();
        if (clients.plain() != null) {
            clientAddress = listen(clients.plain(), null, loops, front);
            LOG.info("ZooKeeper's clients are served: memberId={}, address={}", memberId(), clientAddress);
        }
        if (clients.secure() != null && clients.tls() != null) {
            final InetSocketAddress secure = listen(clients.secure(), tls(clients.tls()), loops, front);
            clientAddress = clientAddress == null ? secure : clientAddress;
        }
        if (config.admin().isEnabled()) {
            AdminServer.open(config.admin(), front).ifPresent(this::part);
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    private static ListenerConfig peerListener() {
        return ListenerConfig.at("", 0)
                .maxFrameBytes(MAX_PEER_FRAME_BYTES)
                .maxInFlightBytes(4L * MAX_PEER_FRAME_BYTES)
                .maxUnsentBytes(2 * MAX_PEER_FRAME_BYTES)
                .idleTimeoutMs(PEER_IDLE_TIMEOUT_MS)
                .build();
    }

    private static ConnectorConfig peerConnector() {
        return ConnectorConfig.builder()
                .maxFrameBytes(MAX_PEER_FRAME_BYTES)
                .maxInFlightBytes(4L * MAX_PEER_FRAME_BYTES)
                .maxUnsentBytes(2 * MAX_PEER_FRAME_BYTES)
                .idleTimeoutMs(PEER_IDLE_TIMEOUT_MS)
                .build();
    }

    private InetSocketAddress listen(HostPort at, @Nullable TlsConfig tls, EventLoops loops, ClientFront front) {
        final int maxFrameBytes = config.clients().frontEnd().maxFrameBytes();
        ListenerConfig.Builder listener = ListenerConfig.at(at.host(), at.port())
                .maxFrameBytes(maxFrameBytes)
                .maxFrameBytesKey("jute.maxbuffer")
                .maxInFlightPerConnection(config.clients().frontEnd().maxOutstanding())
                .maxConnectionsPerIp(Integer.MAX_VALUE)
                .idleTimeoutMs(2L * config.timing().maxSessionTimeoutMs())
                .words(ClientFront.words());
        if (config.clients().backlog() > 0) {
            listener = listener.backlog(config.clients().backlog());
        }
        if (tls != null) {
            listener = listener.tls(tls);
        }
        return part(NettyListener.open(listener.build(), loops, front)).address();
    }

    private static TlsConfig tls(ZooConfig.Tls tls) {
        TlsConfig.Builder builder = TlsConfig.builder()
                .keyStore(tls.keyStore(), tls.keyStorePassword())
                .clientAuthentication(
                        switch (tls.clientAuth()) {
                            case NONE -> TlsConfig.ClientAuthentication.NONE;
                            case WANT -> TlsConfig.ClientAuthentication.WANT;
                            case NEED -> TlsConfig.ClientAuthentication.NEED;
                        });
        if (tls.trustStore() != null) {
            final String password = tls.trustStorePassword();
            builder = builder.trustStore(tls.trustStore(), password == null ? "" : password);
        }
        return builder.build();
    }

    /** The number of this member. */
    public int memberId() {
        return config.quorum().myId();
    }

    /** Where clients connect, as it is bound; null when they may not. */
    public @Nullable InetSocketAddress clientAddress() {
        return clientAddress;
    }

    /** Completed when the member is closed; exceptionally when it has failed. */
    public CompletionStage<Void> whenStopped() {
        return node().whenStopped();
    }

    /** Opens a session of this process, as {@link QuorumNode#openSession(Duration, Duration)} does. */
    Coordinator openSession(Duration timeout, Duration wait) {
        return node().openSession(timeout, wait);
    }

    /** What ended the member before it was closed; null when nothing has. */
    @Nullable
    Throwable failure() {
        return node().failure();
    }

    /** How many members vote, as this one knows. */
    int voters() {
        return status().toCompletableFuture().join().voters();
    }

    /** How the member is. */
    CompletionStage<MemberStatus> status() {
        return node().status();
    }

    private QuorumNode node() {
        if (node == null) {
            throw new IllegalStateException("the server is not started");
        }
        return node;
    }

    /** Stops listening, then stops the member. Idempotent. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (RuntimeException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IllegalStateException(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
