// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.OutFrame;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One frame and its answer.
 *
 * <p>States: open; completed, when one of the three methods of {@link Exchange} was called; handed over, when the event loop has heard of
 * that. Abandoned, at any time, when nothing is sent any more; the frame stays until whoever works on it is done, and an answer that comes
 * is released unsent.
 *
 * <p>Threading: safe; what is package-private is confined to the connection's event loop.
 */
final class NettyExchange implements Exchange, HandedOver {

    /** How an exchange ended. */
    private record Outcome(@Nullable OutFrame answer, @Nullable String disconnectReason) {}

    private final NettyConnection connection;
    private final ByteBuf frame;
    private final int frameBytes;
    private final boolean isWord;
    private final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    private boolean isHandedOver;
    private boolean isAbandoned;

    /**
     * Opens an exchange.
     *
     * @param frame released when the exchange is completed
     * @param isWord whether it is no frame, and the answer neither
     */
    NettyExchange(NettyConnection connection, ByteBuf frame, boolean isWord) {
        this.connection = connection;
        this.frame = frame;
        this.frameBytes = frame.readableBytes();
        this.isWord = isWord;
    }

    @Override
    public void reply(OutFrame answer) {
        complete(new Outcome(answer, null));
    }

    @Override
    public void done() {
        complete(new Outcome(null, null));
    }

    @Override
    public void disconnect(String reason) {
        complete(new Outcome(null, reason));
    }

    private void complete(Outcome result) {
        if (!tryComplete(result)) {
            throw new IllegalStateException("the exchange is completed already");
        }
    }

    /** Ends the exchange for a handler that has failed and may or may not have completed it; from any thread. */
    void fail(String reason) {
        if (!tryComplete(new Outcome(null, reason))) {
            connection.close(reason);
        }
    }

    private boolean tryComplete(Outcome result) {
        if (!outcome.compareAndSet(null, result)) {
            return false;
        }
        frame.release();
        connection.onCompleted(this, frameBytes);
        return true;
    }

    /** The exchange has come through; what waits behind it may follow. */
    void handedOver() {
        isHandedOver = true;
        if (isAbandoned) {
            releaseAnswer();
        }
    }

    /** Nothing is sent any more. */
    void abandon() {
        isAbandoned = true;
        if (isHandedOver) {
            releaseAnswer();
        }
    }

    private void releaseAnswer() {
        OutFrame answer = answer();
        if (answer != null) {
            Outbox.release(answer);
        }
    }

    boolean isHandedOver() {
        return isHandedOver;
    }

    boolean isWord() {
        return isWord;
    }

    @Nullable
    OutFrame answer() {
        Outcome result = outcome.get();
        return result == null ? null : result.answer();
    }

    @Nullable
    String disconnectReason() {
        Outcome result = outcome.get();
        return result == null ? null : result.disconnectReason();
    }
}
