// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.varve.replication.transport.OutFrame;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes out of one connection: the open exchanges, and the frames that answer nothing.
 *
 * <p>What any thread hands over goes through one queue to the event loop, and that gives it its order: an exchange that comes through
 * lets its answer out when those before it are out, a frame goes out at once. Whatever is handed over is released once: when it was
 * written, when writing failed, or when it comes through and the connection is closed.
 *
 * <p>Threading: confined to the connection's event loop, except where a method says otherwise.
 */
final class Outbox {

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private final NettyConnection connection;
    private final Channel channel;
    private final FrameWriter writer;
    private final SendBuffer sendBuffer;
    private final Deque<NettyExchange> open = new ArrayDeque<>();
    private final Queue<HandedOver> handedOver = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean carriesOut = new AtomicBoolean();
    private final AtomicLong unsentAnswerBytes = new AtomicLong();

    private int unsentAnswers;
    private int unsentFrames;
    private volatile boolean closed;

    Outbox(NettyConnection connection, Channel channel, FrameWriter writer, SendBuffer sendBuffer) {
        this.connection = connection;
        this.channel = channel;
        this.writer = writer;
        this.sendBuffer = sendBuffer;
    }

    void add(NettyExchange exchange) {
        open.add(exchange);
    }

    /** Frames that wait for their answer, or whose answer waits to be sent. */
    int openAnswers() {
        return open.size() + unsentAnswers;
    }

    /** Bytes in memory of answers that are not sent. */
    long unsentAnswerBytes() {
        return unsentAnswerBytes.get();
    }

    boolean hasOpen() {
        return !open.isEmpty();
    }

    boolean isEmpty() {
        return open.isEmpty() && unsentAnswers == 0 && unsentFrames == 0 && handedOver.isEmpty();
    }

    /** Takes a frame that answers nothing, unless too many wait; from any thread. */
    boolean trySend(OutFrame frame) {
        long heldBytes = SendBuffer.heldBytes(frame);
        if (!sendBuffer.tryTake(heldBytes)) {
            return false;
        }
        handOver(new HandedOver.Sent(frame, heldBytes));
        return true;
    }

    /** Hands over a completed exchange, whose answer counts from now on as not sent; from any thread. */
    void complete(NettyExchange exchange) {
        OutFrame answer = exchange.answer();
        if (answer != null) {
            unsentAnswerBytes.addAndGet(FrameWriter.memoryBytes(answer));
        }
        handOver(exchange);
    }

    /** From any thread. */
    void handOver(HandedOver what) {
        handedOver.add(what);
        if (closed) {
            dropAll();
            return;
        }
        if (!carriesOut.compareAndSet(false, true)) {
            return;
        }
        try {
            channel.eventLoop().execute(this::carryOut);
        } catch (RejectedExecutionException e) {
            // The event loop has ended, and the connection before it.
            carriesOut.set(false);
            dropAll();
        }
    }

    private void carryOut() {
        carriesOut.set(false);
        if (closed) {
            dropAll();
            return;
        }
        boolean wrote = false;
        for (HandedOver next = handedOver.poll(); next != null; next = handedOver.poll()) {
            if (next instanceof NettyExchange exchange) {
                exchange.handedOver();
                wrote |= answer();
            } else if (next instanceof HandedOver.Sent sent) {
                write(sent);
                wrote = true;
            } else if (next instanceof HandedOver.End end) {
                abandonOpen();
                connection.onEnd(end.reason());
            }
        }
        if (wrote) {
            channel.flush(); // with TLS, a flush of nothing sends a record of nothing
        }
        connection.onProgress();
    }

    /** Releases what comes after the end; from any thread, and each takes what it finds. */
    private void dropAll() {
        for (HandedOver next = handedOver.poll(); next != null; next = handedOver.poll()) {
            if (next instanceof NettyExchange exchange) {
                exchange.abandon();
                exchange.handedOver();
            } else if (next instanceof HandedOver.Sent sent) {
                release(sent.frame());
            }
        }
    }

    /** Lets the answers out that need not wait for others; false when there is none. */
    private boolean answer() {
        boolean wrote = false;
        while (!open.isEmpty() && open.element().isHandedOver()) {
            NettyExchange next = open.remove();
            OutFrame answer = next.answer();
            String disconnectReason = next.disconnectReason();
            if (answer != null) {
                write(answer, next.isWord());
                wrote = true;
            }
            if (disconnectReason != null) {
                channel.flush();
                connection.close(disconnectReason);
                break;
            }
        }
        return wrote;
    }

    private void write(OutFrame answer, boolean isRaw) {
        long sizeBytes = FrameWriter.sizeBytes(answer);
        if (sizeBytes > Integer.MAX_VALUE) {
            release(answer);
            connection.close("an answer is too large to be sent: bytes=" + sizeBytes);
            return;
        }
        unsentAnswers++;
        ChannelFuture last = isRaw ? writer.writeRaw(answer) : writer.write(answer, (int) sizeBytes);
        last.addListener(written -> {
            unsentAnswers--;
            unsentAnswerBytes.addAndGet(-FrameWriter.memoryBytes(answer));
            release(answer);
            connection.onWritten(written.cause());
        });
    }

    private void write(HandedOver.Sent sent) {
        unsentFrames++;
        ChannelFuture last = writer.write(sent.frame(), (int) FrameWriter.sizeBytes(sent.frame()));
        last.addListener(written -> {
            unsentFrames--;
            release(sent.frame());
            if (sendBuffer.giveBack(sent.heldBytes()) && written.isSuccess()) {
                connection.onSendable();
            }
            connection.onWritten(written.cause());
        });
    }

    /** Tells whoever gave a frame that it is needed no more; from any thread. */
    static void release(OutFrame frame) {
        try {
            frame.onReleased().run();
        } catch (RuntimeException e) {
            LOG.error("Releasing a frame failed", e);
        }
    }

    /** The exchanges that are open are not answered any more. */
    private void abandonOpen() {
        open.forEach(NettyExchange::abandon);
        open.clear();
    }

    /** The connection is closed: nothing goes out any more. */
    void close() {
        abandonOpen();
        closed = true; // last: from here on other threads may abandon exchanges too
    }
}
