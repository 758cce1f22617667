// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.varve.replication.transport.ConnectionAcceptor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until a channel is connected, and secured when it begins with TLS, and then lets a {@link NettyConnection} take its place.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class Opening extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);

    private final ConnectionBounds bounds;
    private final Budget budget;
    private final ConnectionAcceptor acceptor;
    private final Consumer<String> onFailed;
    private boolean isSettled;

    /**
     * Waits to open one connection.
     *
     * @param onFailed told the reason, at most once, when the channel goes before the acceptor was told of it
     */
    Opening(ConnectionBounds bounds, Budget budget, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
        this.bounds = bounds;
        this.budget = budget;
        this.acceptor = acceptor;
        this.onFailed = onFailed;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) == null) {
            open(context);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                open(context);
            } else {
                fail(context, "TLS handshake failed: " + reason(handshake.cause()));
            }
        } else if (event instanceof ChannelInputShutdownEvent) {
            fail(context, "the peer has ended the connection before it was open");
        }
    }

    private static String reason(Throwable failure) {
        return failure instanceof NotSslRecordException
                ? "what the peer says is not TLS; is it configured for plaintext?"
                : String.valueOf(failure.getMessage());
    }

    private void open(ChannelHandlerContext context) {
        if (isSettled) {
            return;
        }
        isSettled = true;
        ChannelPipeline pipeline = context.pipeline();
        if (bounds.idleTimeoutMs() > 0) {
            boolean observeOutput = true; // a long answer that moves is traffic
            pipeline.addLast(new IdleStateHandler(observeOutput, 0, 0, bounds.idleTimeoutMs(), TimeUnit.MILLISECONDS));
        }
        if (pipeline.get(SslHandler.class) != null) {
            pipeline.addLast(new ChunkedWriteHandler());
        }
        try {
            pipeline.addLast(new NettyConnection(context.channel(), bounds, budget, acceptor));
        } catch (RuntimeException e) {
            LOG.warn("Opening a connection failed: remote={}", context.channel().remoteAddress(), e);
            context.close();
            return;
        }
        pipeline.remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(context, String.valueOf(cause.getMessage()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(context, "the peer has closed the connection before it was open");
    }

    private void fail(ChannelHandlerContext context, String reason) {
        if (!isSettled) {
            isSettled = true;
            onFailed.accept(reason);
        }
        context.close();
    }
}
