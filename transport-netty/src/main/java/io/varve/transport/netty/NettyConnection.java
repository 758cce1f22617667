// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.timeout.IdleStateEvent;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.OutFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: frames in, exchanges, answers out in order.
 *
 * <p>An exchange is open from the moment its frame is read until its answer has been written to the socket; while there are as many,
 * or as many bytes of them, as the limits allow for this connection or for all together, or while too much of the answers waits to be
 * sent, nothing more is read. So a peer that does not read its answers stops being read itself.
 *
 * <p>A peer may end its side first: what it has sent is answered, for a bounded time, before the connection is closed. After a length that
 * cannot be, and when the listener closes, no frame is read, and what was read before is answered in the same way.
 *
 * <p>Threading: confined to the connection's event loop, except for what {@link Connection} and exchanges offer.
 */
final class NettyConnection extends ChannelInboundHandlerAdapter implements Connection {

    private static final Logger LOG = LoggerFactory.getLogger(NettyListener.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final long LAST_ANSWERS_TIMEOUT_MS = 10_000;

    private final long id = IDS.incrementAndGet();
    private final Channel channel;
    private final InetSocketAddress remote;
    private final InetSocketAddress local;
    private final ListenerConfig config;
    private final Budget budget;
    private final FrameReader reader;
    private final Runnable retry = this::retrySoon;
    private final Deque<ByteBuf> unread = new ArrayDeque<>();
    private final Deque<NettyExchange> open = new ArrayDeque<>();
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicLong openBytes = new AtomicLong();
    private final AtomicLong unsentBytes = new AtomicLong();
    private final ConnectionHandler handler;

    private int unsent;
    private boolean awaitsBudget;
    private boolean awaitsProgress;
    private boolean inputEnded;
    private boolean finishing;
    private boolean ending;
    private boolean closed;
    private volatile boolean closing;

    NettyConnection(Channel channel, ListenerConfig config, Budget budget, ConnectionAcceptor acceptor) {
        this.channel = channel;
        this.remote = (InetSocketAddress) channel.remoteAddress();
        this.local = (InetSocketAddress) channel.localAddress();
        this.config = config;
        this.budget = budget;
        this.reader = new FrameReader(config.maxFrameBytes(), budget, channel.alloc());
        this.handler = acceptor.onOpened(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf received = (ByteBuf) message;
        if (closed || closing || finishing) {
            received.release();
            return;
        }
        unread.add(received);
        readFrames();
    }

    /** Takes frames out of what was received until a limit is reached. */
    private void readFrames() {
        assert channel.eventLoop().inEventLoop();
        while (!unread.isEmpty() && mayRead()) {
            ByteBuf in = unread.element();
            ByteBuf frame;
            try {
                frame = reader.next(in);
            } catch (FrameReader.BadLengthException e) {
                logClosing(String.valueOf(e.getMessage()));
                finishing = true;
                break;
            }
            if (reader.isStarved()) {
                awaitBudget();
                break;
            }
            if (!in.isReadable()) {
                unread.remove().release();
            }
            if (frame != null) {
                handle(frame);
            }
        }
        if (!closed && !closing) {
            boolean reads = !inputEnded && unread.isEmpty() && mayRead();
            channel.config().setAutoRead(reads);
            watchProgress();
            closeWhenDone();
        }
    }

    private boolean mayRead() {
        if (closed
                || closing
                || finishing
                || unsentBytes.get() >= config.maxUnsentBytes()
                || open.size() + unsent >= config.maxInFlightPerConnection()
                || openBytes.get() >= config.maxInFlightBytesPerConnection()) {
            return false;
        }
        if (reader.holdsBudget() || budget.hasRoom()) {
            return true;
        }
        awaitBudget();
        return false;
    }

    private void awaitBudget() {
        if (!awaitsBudget) {
            awaitsBudget = true;
            budget.await(retry);
        }
    }

    private void retrySoon() {
        onEventLoop(() -> {
            awaitsBudget = false;
            readFrames();
        });
    }

    /** False when the event loop has ended, and with it the connection. */
    private boolean onEventLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void handle(ByteBuf frame) {
        NettyExchange exchange = new NettyExchange(this, frame);
        openBytes.addAndGet(frame.readableBytes());
        open.add(exchange);
        try {
            handler.onFrame(frame.nioBuffer(), exchange);
        } catch (Throwable e) { // also an error must not keep the frame's memory
            LOG.warn("Handling a frame failed: connection={}, remote={}, local={}", id, remote, local, e);
            exchange.fail("handling a frame failed: " + e);
        }
    }

    /** An exchange was completed, by whichever thread: sends what may be sent now. False when nothing can be sent any more. */
    boolean completed() {
        return !draining.compareAndSet(false, true) || onEventLoop(this::drain);
    }

    private void drain() {
        draining.set(false);
        boolean wrote = false;
        String reason = null;
        while (reason == null && !open.isEmpty() && open.element().isCompleted()) {
            NettyExchange next = open.remove();
            OutFrame answer = next.answer();
            reason = next.disconnectReason();
            if (answer != null) {
                write(answer);
                wrote = true;
            }
        }
        if (wrote) {
            channel.flush();
        }
        if (reason != null) {
            close(reason);
        }
        readFrames();
    }

    private void write(OutFrame frame) {
        long sizeBytes = AnswerWriter.sizeBytes(frame);
        if (closed || sizeBytes > Integer.MAX_VALUE) {
            release(frame);
            if (!closed) {
                close("an answer is too large to be sent: bytes=" + sizeBytes);
            }
            return;
        }
        unsent++;
        long memoryBytes = AnswerWriter.memoryBytes(frame);
        ChannelFuture last = AnswerWriter.write(channel, frame, (int) sizeBytes);
        last.addListener(written -> {
            unsent--;
            unsentBytes.addAndGet(-memoryBytes);
            release(frame);
            if (written.isSuccess()) {
                readFrames();
            } else if (!closed && !closing) {
                exceptionCaught(written.cause());
            }
        });
    }

    /** Tells whoever gave a frame that it is needed no more. */
    static void release(OutFrame frame) {
        try {
            frame.onReleased().run();
        } catch (RuntimeException e) {
            LOG.error("Releasing a frame failed", e);
        }
    }

    /** Looks after a frame that holds memory: more of it must have come when the time is over, unless it is we who do not read. */
    private void watchProgress() {
        if (awaitsProgress || !reader.holdsBudget()) {
            return;
        }
        awaitsProgress = true;
        long before = reader.collectedBytes();
        channel.eventLoop()
                .schedule(
                        () -> {
                            awaitsProgress = false;
                            boolean stalled = reader.holdsBudget() && reader.collectedBytes() == before;
                            if (stalled && channel.config().isAutoRead()) {
                                close("a begun frame does not go on: timeoutMs=" + config.stallTimeoutMs());
                            } else {
                                readFrames();
                            }
                        },
                        config.stallTimeoutMs(),
                        TimeUnit.MILLISECONDS);
    }

    /** Reads nothing more, and closes when what was read is answered; from any thread. */
    void finish() {
        onEventLoop(() -> {
            finishing = true;
            readFrames();
        });
    }

    /** Closes a connection that gets no more frames when the last answer is out, or has taken too long. */
    private void closeWhenDone() {
        boolean noMoreFrames = finishing || (inputEnded && unread.isEmpty());
        if (!noMoreFrames) {
            return;
        }
        if (open.isEmpty() && unsent == 0) {
            closeChannel();
        } else if (!ending) {
            ending = true;
            channel.eventLoop().schedule(this::closeChannel, LAST_ANSWERS_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            readFrames();
        } else if (event instanceof IdleStateEvent && open.isEmpty() && unread.isEmpty() && !awaitsBudget) {
            LOG.debug("Idle connection closed: connection={}, remote={}, unsentAnswers={}", id, remote, unsent);
            closeChannel();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        exceptionCaught(cause);
    }

    private void exceptionCaught(Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("Connection broken: connection={}, remote={}, reason={}", id, remote, cause.getMessage());
        } else {
            LOG.warn("Connection failed: connection={}, remote={}, local={}", id, remote, local, cause);
        }
        closeChannel();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        budget.forget(retry);
        reader.close();
        unread.forEach(ByteBuf::release);
        unread.clear();
        open.forEach(NettyExchange::abandon);
        open.clear();
        handler.onClosed();
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remote() {
        return remote;
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public void close(String reason) {
        if (!closing) {
            logClosing(reason);
        }
        closeChannel();
    }

    private void logClosing(String reason) {
        LOG.warn("Connection closed: connection={}, remote={}, local={}, reason={}", id, remote, local, reason);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // there is nothing to be done when closing fails
    private void closeChannel() {
        closing = true;
        channel.close();
    }

    /** A frame is needed no more; its answer is, until it has been sent. */
    void giveBack(int frameBytes, long answerBytes) {
        unsentBytes.addAndGet(answerBytes);
        openBytes.addAndGet(-frameBytes);
        budget.giveBack(frameBytes);
    }
}
