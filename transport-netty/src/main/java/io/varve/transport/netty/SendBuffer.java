// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.varve.replication.transport.OutFrame;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the frames of one connection that were sent and wait for the socket. The last one may go over the limit; otherwise one that is
 * larger could never be sent.
 *
 * <p>Threading: safe.
 */
final class SendBuffer {

    /** What a frame costs beside its bytes, about: so that many small ones, or ranges of files, are limited too. */
    private static final int FRAME_BYTES = 128;

    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicBoolean hasRefused = new AtomicBoolean();

    SendBuffer(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** What a frame is counted with. */
    static long heldBytes(OutFrame frame) {
        return FRAME_BYTES + FrameWriter.memoryBytes(frame);
    }

    /** Takes a frame, unless there is no room. */
    boolean tryTake(long heldBytes) {
        while (true) {
            long before = usedBytes.get();
            if (before < limitBytes) {
                if (usedBytes.compareAndSet(before, before + heldBytes)) {
                    return true;
                }
            } else {
                hasRefused.set(true);
                // What was given back in between has not seen that; what is given back from now on will.
                if (usedBytes.get() >= limitBytes) {
                    return false;
                }
            }
        }
    }

    /** Gives a frame back; true when somebody was refused and half of the room is free again. */
    boolean giveBack(long heldBytes) {
        return usedBytes.addAndGet(-heldBytes) <= limitBytes / 2 && hasRefused.compareAndSet(true, false);
    }
}
