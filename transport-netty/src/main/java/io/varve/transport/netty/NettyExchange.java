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
 * <p>States: open; completed, when one of the three methods of {@link Exchange} was called; abandoned, when the connection went before
 * that. From open to either of the others, once; an answer that comes after the connection is released unsent.
 *
 * <p>Threading: safe.
 */
final class NettyExchange implements Exchange {

    /** How an exchange ended. */
    private record Outcome(@Nullable OutFrame answer, @Nullable String disconnectReason) {}

    private static final Outcome ABANDONED = new Outcome(null, null);

    private final NettyConnection connection;
    private final ByteBuf frame;
    private final int frameBytes;
    private final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    private volatile boolean abandoned;

    NettyExchange(NettyConnection connection, ByteBuf frame) {
        this.connection = connection;
        this.frame = frame;
        this.frameBytes = frame.readableBytes();
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

    /** Ends the exchange for a handler that has failed and may or may not have completed it. */
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
        OutFrame answer = result.answer();
        connection.giveBack(frameBytes, answer == null ? 0 : AnswerWriter.memoryBytes(answer));
        if (abandoned || !connection.completed()) {
            releaseAnswer();
        }
        return true;
    }

    /** The connection is gone. The frame stays until whoever works on it is done. */
    void abandon() {
        abandoned = true;
        if (outcome.get() != null) {
            releaseAnswer();
        }
    }

    /** Releases the answer once, whichever side finds that it cannot be sent. */
    private void releaseAnswer() {
        Outcome result = outcome.getAndSet(ABANDONED);
        OutFrame answer = result == null ? null : result.answer();
        if (answer != null) {
            NettyConnection.release(answer);
        }
    }

    boolean isCompleted() {
        return outcome.get() != null;
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
