// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.DefaultFileRegion;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: frames in, exchanges, answers out in order.
 *
 * <p>An exchange is open from the moment its frame is read until its answer has been written to the socket; while there are as many,
 * or as many bytes of them, as the limits allow for this connection or for all together, nothing more is read. So a peer that does not read its
 * answers stops being read itself.
 *
 * <p>Threading: confined to the connection's event loop, except for what {@link Connection} and exchanges offer.
 */
final class NettyConnection extends ChannelInboundHandlerAdapter implements Connection {

    private static final Logger LOG = LoggerFactory.getLogger(NettyListener.class);
    private static final AtomicLong IDS = new AtomicLong();

    private final long id = IDS.incrementAndGet();
    private final Channel channel;
    private final ListenerConfig config;
    private final Budget budget;
    private final FrameReader reader;
    private final Deque<NettyExchange> open = new ArrayDeque<>();
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicLong openBytes = new AtomicLong();
    private final ConnectionHandler handler;

    private @Nullable ByteBuf unread;
    private int unsent;
    private boolean awaitingBudget;
    private boolean closed;
    private volatile boolean closing;

    NettyConnection(Channel channel, ListenerConfig config, Budget budget, ConnectionAcceptor acceptor) {
        this.channel = channel;
        this.config = config;
        this.budget = budget;
        this.reader = new FrameReader(config.maxFrameBytes(), channel.alloc());
        this.handler = acceptor.onOpened(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf received = (ByteBuf) message;
        ByteBuf earlier = unread;
        if (closed) {
            received.release();
        } else if (earlier == null) {
            unread = received;
        } else {
            unread = Unpooled.wrappedBuffer(earlier, received);
        }
        readFrames();
    }

    /** Takes frames out of what was received until a limit is reached. */
    private void readFrames() {
        boolean room = true;
        while (!closed && mayRead()) {
            ByteBuf in = unread;
            if (in == null) {
                break;
            }
            if (!budget.reserve()) {
                room = false;
                break;
            }
            ByteBuf frame = next(in);
            if (frame == null) {
                budget.giveBack(0);
            } else {
                handle(frame);
            }
        }
        // Having been refused counts even when there is room by now: whoever waits is called, whoever does not is
        // forgotten.
        room = room && budget.hasRoom();
        if (!room && !awaitingBudget && !closed) {
            awaitingBudget = true;
            budget.await(() -> channel.eventLoop().execute(this::resume));
        }
        channel.config().setAutoRead(!closed && room && unread == null && mayRead());
    }

    /** The next frame, null when more bytes are needed or the peer has said something that cannot be. */
    private @Nullable ByteBuf next(ByteBuf in) {
        ByteBuf frame = null;
        try {
            frame = reader.next(in);
        } catch (FrameReader.BadLengthException e) {
            close(String.valueOf(e.getMessage()));
        }
        if (!in.isReadable()) {
            in.release();
            unread = null;
        }
        return frame;
    }

    /** Whether the limits of this connection allow another frame. */
    private boolean mayRead() {
        return !closing
                && open.size() + unsent < config.maxInFlightPerConnection()
                && openBytes.get() < config.maxInFlightBytesPerConnection();
    }

    private void resume() {
        awaitingBudget = false;
        readFrames();
    }

    private void handle(ByteBuf frame) {
        NettyExchange exchange = new NettyExchange(this, frame);
        budget.take(frame.readableBytes());
        openBytes.addAndGet(frame.readableBytes());
        open.add(exchange);
        try {
            handler.onFrame(frame.nioBuffer(), exchange);
        } catch (RuntimeException e) {
            LOG.warn("Handling a frame failed, connection closed: connection={}, remote={}", id, remote(), e);
            exchange.disconnect("handling a frame failed: " + e);
        }
    }

    /** An exchange was completed, by whichever thread: sends what may be sent now. */
    void completed() {
        if (draining.compareAndSet(false, true)) {
            channel.eventLoop().execute(this::drain);
        }
    }

    private void drain() {
        draining.set(false);
        boolean wrote = false;
        NettyExchange next = open.peek();
        while (next != null && next.isCompleted()) {
            open.poll();
            String reason = next.disconnectReason();
            OutFrame frame = next.answer();
            if (reason != null) {
                close(reason);
            } else if (frame != null) {
                write(frame);
                wrote = true;
            }
            next = open.peek();
        }
        if (wrote) {
            channel.flush();
        }
        readFrames();
    }

    private void write(OutFrame frame) {
        if (closed) {
            frame.onReleased().run();
            return;
        }
        unsent++;
        ByteBuf length = channel.alloc().buffer(4).writeInt(frame.sizeBytes());
        ChannelFuture last = channel.write(length);
        for (FramePart part : frame.parts()) {
            if (part instanceof FramePart.Bytes bytes) {
                last = channel.write(Unpooled.wrappedBuffer(bytes.buffer()));
            } else if (part instanceof FramePart.FileRange range) {
                last = channel.write(new SharedFileRegion(range));
            }
        }
        last.addListener(written -> {
            unsent--;
            frame.onReleased().run();
            if (written.isSuccess()) {
                readFrames();
            } else {
                close("writing failed: " + written.cause());
            }
        });
    }

    /** A range of a file that others read as well: it is not closed when the range has been sent. */
    private static final class SharedFileRegion extends DefaultFileRegion {

        SharedFileRegion(FramePart.FileRange range) {
            super(range.channel(), range.position(), range.sizeBytes());
        }

        @Override
        protected void deallocate() {}
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof IdleStateEvent && open.isEmpty() && unsent == 0) {
            LOG.debug("Idle connection closed: connection={}, remote={}", id, remote());
            closeChannel();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("Connection broken: connection={}, remote={}, reason={}", id, remote(), cause.getMessage());
        } else {
            LOG.warn("Connection failed: connection={}, remote={}", id, remote(), cause);
        }
        closeChannel();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        reader.close();
        ReferenceCountUtil.release(unread);
        unread = null;
        for (NettyExchange exchange : open) {
            exchange.abandon();
        }
        open.clear();
        handler.onClosed();
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remote() {
        return (InetSocketAddress) channel.remoteAddress();
    }

    @Override
    public InetSocketAddress local() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close(String reason) {
        if (!closing) {
            LOG.warn("Connection closed: connection={}, remote={}, reason={}", id, channel.remoteAddress(), reason);
        }
        closeChannel();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // there is nothing to be done when closing fails
    private void closeChannel() {
        closing = true;
        channel.close();
    }

    void giveBack(int frameBytes) {
        openBytes.addAndGet(-frameBytes);
        budget.giveBack(frameBytes);
    }
}
