// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.OutFrame;
import io.varve.replication.transport.SendResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: frames in, exchanges, answers and other frames out in order.
 *
 * <p>An exchange is open from the moment its frame is read until its answer has been written to the socket; while there are as many,
 * or as many bytes of them, as the limits allow for this connection or for all together, or while too much of the answers waits to be
 * sent, nothing more is read. So a peer that does not read its answers stops being read itself. Frames that answer nothing are refused
 * when too many of them wait, and never stop the reading: two peers that send to each other would wait for each other.
 *
 * <p>A peer may end its side first: what it has sent is answered, for a bounded time, before the connection is closed. After a length that
 * cannot be, and when the listener closes, no frame is read, and what was read before is answered in the same way.
 *
 * <p>Threading: confined to the connection's event loop, except for what {@link Connection} and exchanges offer.
 */
final class NettyConnection extends ChannelInboundHandlerAdapter implements Connection {

    private static final Logger LOG = LoggerFactory.getLogger(NettyConnection.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final long LAST_FRAMES_TIMEOUT_MS = 10_000;

    private final long id = IDS.incrementAndGet();
    private final Channel channel;
    private final InetSocketAddress remote;
    private final InetSocketAddress local;
    private final Optional<X500Principal> peerPrincipal;
    private final ConnectionBounds bounds;
    private final Budget budget;
    private final FrameReader reader;
    private final Outbox outbox;
    private final Runnable retry = this::retrySoon;
    private final Deque<ByteBuf> unread = new ArrayDeque<>();
    private final AtomicLong openBytes = new AtomicLong();
    private final AtomicReference<@Nullable String> closeReason = new AtomicReference<>();
    private final ConnectionHandler handler;

    private boolean awaitsBudget;
    private boolean awaitsProgress;
    private boolean inputEnded;
    private boolean discardsInput;
    private boolean ending;
    private boolean closed;
    private @Nullable String finishReason;
    private volatile boolean refusesFrames;

    /** Takes over a connected channel; with TLS the handshake is done. */
    NettyConnection(Channel channel, ConnectionBounds bounds, Budget budget, ConnectionAcceptor acceptor) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        this.channel = channel;
        this.remote = (InetSocketAddress) channel.remoteAddress();
        this.local = (InetSocketAddress) channel.localAddress();
        this.peerPrincipal = tls == null ? Optional.empty() : Tls.peerPrincipal(tls);
        this.bounds = bounds;
        this.budget = budget;
        this.reader = new FrameReader(bounds.maxFrameBytes(), bounds.preamble(), budget, channel.alloc());
        this.outbox = new Outbox(
                this, channel, new FrameWriter(channel, tls != null), new SendBuffer(bounds.maxUnsentBytes()));
        this.handler = acceptor.onOpened(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf received = (ByteBuf) message;
        if (closed || isClosing() || finishReason != null) {
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
                finishReason = String.valueOf(e.getMessage());
                logClosing(finishReason);
                break;
            }
            if (reader.isStarved()) {
                awaitBudget();
                break;
            }
            String word = reader.word();
            if (word != null) {
                handleWord(word);
                break;
            }
            if (!in.isReadable()) {
                unread.remove().release();
            }
            if (frame != null) {
                handle(frame);
            }
        }
        if (!closed && !isClosing()) {
            boolean reads = discardsInput || (unread.isEmpty() && mayRead());
            channel.config().setAutoRead(reads && !inputEnded);
            watchProgress();
            closeWhenDone();
        }
    }

    private boolean mayRead() {
        if (closed
                || isClosing()
                || finishReason != null
                || outbox.unsentAnswerBytes() >= bounds.maxUnsentBytes()
                || outbox.openAnswers() >= bounds.maxInFlight()
                || openBytes.get() >= bounds.maxInFlightBytes()) {
            return false;
        }
        if (reader.holdsBudget() || reader.isAtBeginning() || budget.hasRoom()) {
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

    /** Does nothing when the event loop has ended, and with it the connection. */
    private void onEventLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop has ended: connection={}", id);
        }
    }

    private void handle(ByteBuf frame) {
        NettyExchange exchange = new NettyExchange(this, frame, false);
        openBytes.addAndGet(frame.readableBytes());
        outbox.add(exchange);
        try {
            handler.onFrame(frame.nioBuffer(), exchange);
        } catch (Throwable e) { // also an error must not keep the frame's memory
            LOG.warn("Handling a frame failed: connection={}, remote={}, local={}", id, remote, local, e);
            exchange.fail("handling a frame failed: " + e);
        }
    }

    /** Gives a word to the handler; whatever follows it is read and thrown away, so that the answer is not lost by a reset. */
    private void handleWord(String word) {
        finishReason = "a word is all that is answered: word=" + word;
        discardsInput = true;
        NettyExchange exchange = new NettyExchange(this, Unpooled.EMPTY_BUFFER, true);
        outbox.add(exchange);
        try {
            handler.onWord(word, exchange);
        } catch (Throwable e) {
            LOG.warn("Handling a word failed: connection={}, remote={}, word={}", id, remote, word, e);
            exchange.fail("handling a word failed: " + e);
        }
    }

    /** An exchange was completed, by whichever thread: its frame is needed no more. */
    void onCompleted(NettyExchange exchange, int frameBytes) {
        openBytes.addAndGet(-frameBytes);
        outbox.complete(exchange);
        if (!exchange.isWord()) {
            budget.giveBack(frameBytes);
        }
    }

    /** Something was handed over, and is on its way. */
    void onProgress() {
        readFrames();
    }

    /** Something was written, or could not be. */
    void onWritten(@Nullable Throwable failure) {
        if (failure == null) {
            readFrames();
        } else if (!closed && !isClosing()) {
            fail(failure);
        }
    }

    void onSendable() {
        try {
            handler.onSendable();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    /** What was handed over before the wish to end is on its way. */
    void onEnd(String reason) {
        LOG.debug("Connection ends: connection={}, remote={}, reason={}", id, remote, reason);
        if (finishReason == null) {
            finishReason = reason;
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
                                close("a begun frame does not go on: timeoutMs=" + bounds.stallTimeoutMs());
                            } else {
                                readFrames();
                            }
                        },
                        bounds.stallTimeoutMs(),
                        TimeUnit.MILLISECONDS);
    }

    /** Reads nothing more, and closes when what was read is answered; from any thread. */
    void drain(String reason) {
        onEventLoop(() -> {
            if (finishReason == null) {
                finishReason = reason;
            }
            readFrames();
        });
    }

    /** Closes a connection that gets no more frames when the last frame is out, or has taken too long. */
    private void closeWhenDone() {
        String reason = finishReason;
        if (reason == null && inputEnded && unread.isEmpty()) {
            reason = "the peer has ended its side";
        }
        if (reason == null) {
            return;
        }
        if (outbox.isEmpty()) {
            closeChannel(reason);
        } else if (!ending) {
            ending = true;
            String why = reason;
            channel.eventLoop().schedule(() -> closeChannel(why), LAST_FRAMES_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            inputEnded = true;
            readFrames();
        } else if (event instanceof IdleStateEvent && !outbox.hasOpen() && unread.isEmpty() && !awaitsBudget) {
            LOG.debug("Idle connection closed: connection={}, remote={}", id, remote);
            closeChannel("idle: timeoutMs=" + bounds.idleTimeoutMs());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(cause);
    }

    private void fail(Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("Connection broken: connection={}, remote={}, reason={}", id, remote, cause.getMessage());
        } else {
            LOG.warn("Connection failed: connection={}, remote={}, local={}", id, remote, local, cause);
        }
        closeChannel("the connection is broken: " + cause.getMessage());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        refusesFrames = true;
        closeReason.compareAndSet(null, "the peer has closed the connection");
        budget.forget(retry);
        reader.close();
        unread.forEach(ByteBuf::release);
        unread.clear();
        outbox.close();
        handler.onClosed(String.valueOf(closeReason.get()));
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
    public Optional<X500Principal> peerPrincipal() {
        return peerPrincipal;
    }

    @Override
    public SendResult send(OutFrame frame) {
        long sizeBytes = FrameWriter.sizeBytes(frame);
        if (sizeBytes == 0 || sizeBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("frame size out of range: bytes=" + sizeBytes);
        }
        if (refusesFrames) {
            return SendResult.CLOSED;
        }
        return outbox.trySend(frame) ? SendResult.SENT : SendResult.BACK_PRESSURED;
    }

    @Override
    public void finish(String reason) {
        refusesFrames = true;
        outbox.handOver(new HandedOver.End(reason));
    }

    @Override
    public void close(String reason) {
        if (!isClosing()) {
            logClosing(reason);
        }
        closeChannel(reason);
    }

    private boolean isClosing() {
        return closeReason.get() != null;
    }

    private void logClosing(String reason) {
        LOG.warn("Connection closed: connection={}, remote={}, local={}, reason={}", id, remote, local, reason);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // there is nothing to be done when closing fails
    private void closeChannel(String reason) {
        closeReason.compareAndSet(null, reason);
        refusesFrames = true;
        channel.close();
    }
}
