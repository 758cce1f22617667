// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/**
 * Counters of one connection.
 *
 * <p>Threading: confined to the member's thread.
 */
final class ConnectionStats {

    final Latencies latencies = new Latencies();
    final long establishedMs;
    private long received;
    private long sent;
    private String lastOperation = "NA";
    private int lastXid = -1;
    private long lastZxid = -1;
    private long lastReplyMs;
    private long lastLatencyMs;

    ConnectionStats(long establishedMs) {
        this.establishedMs = establishedMs;
    }

    void countReceived() {
        received++;
    }

    void countSent() {
        sent++;
    }

    /** A reply goes out. Negative xids belong to no operation of the user and are not kept. */
    void countReply(String operation, int xid, long zxid, long latencyMs, long nowMs) {
        sent++;
        lastOperation = operation;
        lastXid = xid >= 0 ? xid : lastXid;
        lastZxid = zxid;
        lastReplyMs = nowMs;
        lastLatencyMs = latencyMs;
        latencies.record(latencyMs);
    }

    void reset() {
        latencies.reset();
        received = 0;
        sent = 0;
        lastOperation = "NA";
        lastXid = -1;
        lastZxid = -1;
        lastReplyMs = 0;
        lastLatencyMs = 0;
    }

    long received() {
        return received;
    }

    long sent() {
        return sent;
    }

    String lastOperation() {
        return lastOperation;
    }

    int lastXid() {
        return lastXid;
    }

    long lastZxid() {
        return lastZxid;
    }

    long lastReplyMs() {
        return lastReplyMs;
    }

    long lastLatencyMs() {
        return lastLatencyMs;
    }
}
