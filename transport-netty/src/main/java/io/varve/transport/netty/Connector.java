// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes connections.
 *
 * <p>Threading: safe.
 */
final class Connector implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Connector.class);
    private static final long CLOSE_TIMEOUT_MS = 3_000;

    private final EventLoops loops;
    private final ConnectorConfig config;
    private final Budget budget;
    private final Optional<Tls> tls;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);

    Connector(EventLoops loops, ConnectorConfig config) {
        this.loops = loops;
        this.config = config;
        this.budget = new Budget(config.maxInFlight(), config.maxInFlightBytes());
        this.tls = config.tls().map(Tls::ofConnector);
    }

    /** As {@link io.varve.replication.transport.Transport#connect} says. */
    void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
        EventLoop loop = loops.group().next();
        Attempt attempt = new Attempt(remote, acceptor, onFailed);
        ChannelFuture connecting = bootstrap(loop, attempt, remote).connect(remote);
        Channel channel = connecting.channel();
        connections.add(channel);
        connecting.addListener(connected -> {
            Throwable failure = connected.cause();
            if (failure != null) {
                attempt.fail(failure.getMessage() == null ? failure.toString() : failure.getMessage());
            }
        });
        try {
            loop.schedule(() -> giveUp(attempt, channel), config.connectTimeoutMs(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            attempt.fail("the event loops are closed");
        }
    }

    private void giveUp(Attempt attempt, Channel channel) {
        if (attempt.fail("the time is over: connectTimeoutMs=" + config.connectTimeoutMs())) {
            channel.close();
        }
    }

    private Bootstrap bootstrap(EventLoop loop, Attempt attempt, InetSocketAddress remote) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(loops.channel())
                .resolver(loops.resolver())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, config.connectTimeoutMs()))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        tls.ifPresent(
                                secured -> channel.pipeline().addLast(secured.connecting(channel.alloc(), remote)));
                        channel.pipeline().addLast(new Opening(config.bounds(), budget, attempt, attempt::fail));
                    }
                });
        loops.limitUnacknowledged(config.unacknowledgedTimeoutMs(), bootstrap::option);
        if (config.sendBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_SNDBUF, config.sendBufferBytes());
        }
        if (config.receiveBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, config.receiveBufferBytes());
        }
        return bootstrap;
    }

    /** Closes the connections, and gives up those on their way; what is begun later is closed at once. */
    @Override
    public void close() {
        connections.close().awaitUninterruptibly(CLOSE_TIMEOUT_MS);
    }

    /** One attempt; tells its caller once what has come of it. */
    private static final class Attempt implements ConnectionAcceptor {

        private final InetSocketAddress remote;
        private final ConnectionAcceptor acceptor;
        private final Consumer<String> onFailed;
        private final AtomicBoolean isSettled = new AtomicBoolean();

        Attempt(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
            this.remote = remote;
            this.acceptor = acceptor;
            this.onFailed = onFailed;
        }

        @Override
        public ConnectionHandler onOpened(Connection connection) {
            if (!isSettled.compareAndSet(false, true)) {
                throw new IllegalStateException("a connection came after its attempt was over: remote=" + remote);
            }
            return acceptor.onOpened(connection);
        }

        /** False when the attempt was over already. */
        boolean fail(String reason) {
            if (!isSettled.compareAndSet(false, true)) {
                return false;
            }
            LOG.debug("No connection: remote={}, reason={}", remote, reason);
            onFailed.accept(reason);
            return true;
        }
    }
}
