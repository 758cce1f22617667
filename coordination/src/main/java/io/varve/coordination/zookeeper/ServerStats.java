// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/**
 * Counters of all client connections of a member since its start or the last reset.
 *
 * <p>Threading: confined to the member's thread.
 */
final class ServerStats {

    final Latencies latencies = new Latencies();
    private long received;
    private long sent;
    private long receivedBytes;
    private long replyBytes;
    private long connects;
    private long attaches;
    private long rejections;
    private long authFailures;
    private int lastReplyBytes = -1;
    private int minReplyBytes = -1;
    private int maxReplyBytes = -1;

    void countReceived(int bytes) {
        received++;
        receivedBytes += bytes;
    }

    void countReply(int bytes) {
        sent++;
        replyBytes += bytes;
        lastReplyBytes = bytes;
        minReplyBytes = minReplyBytes < 0 ? bytes : Math.min(minReplyBytes, bytes);
        maxReplyBytes = Math.max(maxReplyBytes, bytes);
    }

    /** A client asks for a session, for one that it had when {@code isAttach}. */
    void countConnect(boolean isAttach) {
        connects++;
        attaches += isAttach ? 1 : 0;
    }

    /** A connection too many was closed. */
    void countRejection() {
        rejections++;
    }

    void countAuthFailure() {
        authFailures++;
    }

    void reset() {
        latencies.reset();
        received = 0;
        sent = 0;
        receivedBytes = 0;
        replyBytes = 0;
        lastReplyBytes = -1;
        minReplyBytes = -1;
        maxReplyBytes = -1;
    }

    long received() {
        return received;
    }

    long sent() {
        return sent;
    }

    long receivedBytes() {
        return receivedBytes;
    }

    long replyBytes() {
        return replyBytes;
    }

    long connects() {
        return connects;
    }

    long attaches() {
        return attaches;
    }

    long rejections() {
        return rejections;
    }

    long authFailures() {
        return authFailures;
    }

    /** Size of the last reply in bytes, -1 when there was none. */
    int lastReplyBytes() {
        return lastReplyBytes;
    }

    /** Size of the smallest reply in bytes, -1 when there was none. */
    int minReplyBytes() {
        return minReplyBytes;
    }

    /** Size of the largest reply in bytes, -1 when there was none. */
    int maxReplyBytes() {
        return maxReplyBytes;
    }
}
