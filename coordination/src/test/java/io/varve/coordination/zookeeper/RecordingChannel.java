// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Keeps what a connection sends. */
final class RecordingChannel implements ClientChannel {

    /** Replies and events in their order. */
    final Deque<ByteBuffer> frames = new ArrayDeque<>();

    /** R for a reply, E for an event, one for each frame that was ever sent. */
    final StringBuilder kinds = new StringBuilder();

    final List<String> closeReasons = new ArrayList<>();

    @Override
    public void reply(ByteBuffer frame) {
        frames.add(frame);
        kinds.append('R');
    }

    @Override
    public void push(ByteBuffer frame) {
        frames.add(frame);
        kinds.append('E');
    }

    @Override
    public void close(String reason) {
        closeReasons.add(reason);
    }

    boolean isClosed() {
        return !closeReasons.isEmpty();
    }
}
