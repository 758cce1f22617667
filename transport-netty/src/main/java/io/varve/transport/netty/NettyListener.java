// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.Listener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections over TCP and gives their frames to handlers.
 *
 * <p>A frame on the wire is a length of four bytes, big-endian and positive, and as many bytes.
 *
 * <p>Threading: safe.
 */
public final class NettyListener implements Listener {

    private static final Logger LOG = LoggerFactory.getLogger(NettyListener.class);
    private static final long CLOSE_TIMEOUT_MS = 3_000;

    private final ListenerConfig config;
    private final ConnectionAcceptor acceptor;
    private final Budget budget;
    private final ConnectionLimits limits;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final Optional<Tls> tls;
    private final Channel server;
    private final InetSocketAddress address;

    private NettyListener(ListenerConfig config, EventLoops loops, ConnectionAcceptor acceptor) {
        this.config = config;
        this.acceptor = acceptor;
        this.budget = new Budget(config.maxInFlight(), config.maxInFlightBytes());
        this.limits = new ConnectionLimits(config.maxConnections(), config.maxConnectionsPerIp());
        this.tls = config.tls().map(Tls::ofListener);
        this.server = bind(loops);
        this.address = (InetSocketAddress) server.localAddress();
    }

    /**
     * Binds and begins to accept.
     *
     * @param loops the threads of the connections; they outlive the listener
     * @throws UncheckedIOException when the address cannot be bound
     * @throws IllegalArgumentException when TLS is wanted and a file that it needs cannot be used
     */
    public static NettyListener open(ListenerConfig config, EventLoops loops, ConnectionAcceptor acceptor) {
        return new NettyListener(config, loops, acceptor);
    }

    private Channel bind(EventLoops loops) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, config.backlog())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                });
        loops.limitUnacknowledged(config.unacknowledgedTimeoutMs(), bootstrap::childOption);
        if (config.sendBufferBytes() > 0) {
            bootstrap.childOption(ChannelOption.SO_SNDBUF, config.sendBufferBytes());
        }
        if (config.receiveBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, config.receiveBufferBytes());
        }
        InetSocketAddress address = config.host().isEmpty()
                ? new InetSocketAddress(config.port())
                : new InetSocketAddress(config.host(), config.port());
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        Throwable failure = bound.cause();
        if (failure != null) {
            throw new UncheckedIOException(
                    "cannot listen: address=" + address + ", reason=" + failure.getMessage()
                            + "; is another process listening there?",
                    new IOException(failure));
        }
        return bound.channel();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // there is nothing to be done when closing fails
    private void accept(Channel channel) {
        InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
        String refusal = limits.refusal(remote.getAddress());
        if (!refusal.isEmpty()) {
            LOG.warn("Connection refused: remote={}, {}", remote, refusal);
            channel.close();
            return;
        }
        channel.closeFuture().addListener(closed -> limits.closed(remote.getAddress()));
        connections.add(channel);
        tls.ifPresent(secured -> channel.pipeline().addLast(secured.accepting(channel.alloc())));
        Consumer<String> onFailed =
                reason -> LOG.warn("Connection not opened: remote={}, local={}, reason={}", remote, address(), reason);
        channel.pipeline().addLast(new Opening(config.bounds(), budget, acceptor, onFailed));
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    /** Number of connections open now. */
    public int connectionCount() {
        return limits.open();
    }

    /** Bytes of frames that wait for their answer now, or of which more than the beginning has come. */
    public long inFlightBytes() {
        return budget.usedBytes();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // all of them are waited for together
    public void close() {
        server.close().awaitUninterruptibly();
        for (Channel channel : connections) {
            NettyConnection connection = channel.pipeline().get(NettyConnection.class);
            if (connection == null) {
                channel.close(); // it is not secured yet
            } else {
                connection.drain("the listener closes");
            }
        }
        if (!connections.newCloseFuture().awaitUninterruptibly(config.drainTimeoutMs())) {
            LOG.warn(
                    "Connections closed before all was answered: listener={}, connections={}",
                    address,
                    connections.size());
        }
        connections.close().awaitUninterruptibly(CLOSE_TIMEOUT_MS);
    }
}
