// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One end of a connection: keeps what comes, and counts what it sends until it is released. */
public final class End implements ConnectionHandler {

    private static final long TIMEOUT_S = 30;

    /** What to do with a frame. */
    public interface FrameUse {
        void onFrame(byte[] frame, Exchange exchange);
    }

    public final Connection connection;
    final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
    final Queue<Exchange> held = new ConcurrentLinkedQueue<>();
    final AtomicInteger closes = new AtomicInteger();
    final Semaphore sendable = new Semaphore(0);
    final Queue<AtomicInteger> releases = new ConcurrentLinkedQueue<>();
    final AtomicInteger unreleasedBytes = new AtomicInteger();
    volatile @Nullable String closeReason;
    private final FrameUse use;

    End(Connection connection, FrameUse use) {
        this.connection = connection;
        this.use = use;
    }

    @Override
    public void onFrame(ByteBuffer frame, Exchange exchange) {
        assertThat(closes).hasValue(0);
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        use.onFrame(bytes, exchange);
        received.add(bytes);
    }

    @Override
    public void onSendable() {
        sendable.release();
    }

    @Override
    public void onClosed(String reason) {
        closeReason = reason;
        closes.incrementAndGet();
    }

    public OutFrame frame(byte... bytes) {
        return frame(List.of(new FramePart.Bytes(ByteBuffer.wrap(bytes))));
    }

    /** A frame whose release is counted. */
    public OutFrame frame(List<FramePart> parts) {
        AtomicInteger count = new AtomicInteger();
        int sizeBytes = OutFrame.of(parts).sizeBytes();
        unreleasedBytes.addAndGet(sizeBytes);
        return new OutFrame(parts, () -> {
            if (count.incrementAndGet() == 1) {
                unreleasedBytes.addAndGet(-sizeBytes);
            } else {
                releases.add(count);
            }
        });
    }

    public SendResult send(byte... bytes) {
        return connection.send(frame(bytes));
    }

    /** Sends, when there is no room as often as it takes. */
    void sendPatiently(byte... bytes) {
        OutFrame frame = frame(bytes);
        SendResult result = connection.send(frame);
        while (result == SendResult.BACK_PRESSURED) {
            assertThat(awaitSendable()).isTrue();
            result = connection.send(frame);
        }
        assertThat(result).isEqualTo(SendResult.SENT);
    }

    /** Waits until it is said that there is room. */
    boolean awaitSendable() {
        try {
            return sendable.tryAcquire(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next frame; waits for it. */
    public byte[] receive() {
        try {
            byte[] frame = received.poll(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(frame)
                    .as("a frame that should have come; closed because: " + closeReason)
                    .isNotNull();
            return frame;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public String awaitClosed() {
        await().until(() -> closes.get() > 0);
        return String.valueOf(closeReason);
    }

    /** All that was taken has been released, and nothing twice. */
    void assertReleased() {
        await().untilAsserted(() -> assertThat(unreleasedBytes).hasValue(0));
        assertThat(releases).isEmpty();
    }
}
