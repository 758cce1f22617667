// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.session.SessionTimeouts;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bounds and rights of the clients of one member.
 *
 * <p>Threading: immutable.
 *
 * @param sessionTimeouts bounds of the timeout a session gets; zoo.cfg: minSessionTimeout and maxSessionTimeout
 * @param maxFrameBytes largest frame of a client and largest reply to a multi of reads, bytes, inclusive; jute.maxbuffer
 * @param maxConnectionsPerAddress connections that one IP address may have, 0 for no limit; zoo.cfg: maxClientCnxns
 * @param maxOutstanding frames of one connection that may be unanswered; a further one closes the connection
 * @param words the four-letter words that are answered; zoo.cfg: 4lw.commands.whitelist
 * @param superDigest {@code super:base64(sha1(super:password))} of the user who may do everything, or null when there is none
 */
public record FrontEndConfig(
        SessionTimeouts sessionTimeouts,
        int maxFrameBytes,
        int maxConnectionsPerAddress,
        int maxOutstanding,
        Set<String> words,
        @Nullable String superDigest) {

    /** ZooKeeper's bound of frames: 1 MiB less one byte. */
    public static final int DEFAULT_MAX_FRAME_BYTES = 0xfffff;

    /** ZooKeeper's globalOutstandingLimit, here for each connection. */
    public static final int DEFAULT_MAX_OUTSTANDING = 1000;

    /** ZooKeeper's number of connections that an IP address may have. */
    public static final int DEFAULT_MAX_CONNECTIONS_PER_ADDRESS = 60;

    /** The words that are answered when nothing else is configured; zkServer.sh and clients need them. */
    public static final Set<String> DEFAULT_WORDS = Set.of("srvr", "isro");

    private static final int MIN_FRAME_BYTES = 1024;

    public FrontEndConfig {
        words = Set.copyOf(words);
        if (maxFrameBytes < MIN_FRAME_BYTES) {
            throw new IllegalArgumentException(
                    "frames too small: maxFrameBytes=" + maxFrameBytes + ", least=" + MIN_FRAME_BYTES);
        }
        if (maxConnectionsPerAddress < 0 || maxOutstanding < 1) {
            throw new IllegalArgumentException("bound out of range: maxConnectionsPerAddress="
                    + maxConnectionsPerAddress + ", maxOutstanding=" + maxOutstanding);
        }
    }

    /** The same with the bounds of timeouts as zoo.cfg has them, in milliseconds, inclusive. */
    public FrontEndConfig(
            int minSessionTimeoutMs,
            int maxSessionTimeoutMs,
            int maxFrameBytes,
            int maxConnectionsPerAddress,
            int maxOutstanding,
            Set<String> words,
            @Nullable String superDigest) {
        this(
                new SessionTimeouts(minSessionTimeoutMs, maxSessionTimeoutMs),
                maxFrameBytes,
                maxConnectionsPerAddress,
                maxOutstanding,
                words,
                superDigest);
    }

    /**
     * The defaults for a length of the tick: sessions live from two to twenty ticks.
     *
     * @param tickTimeMs ZooKeeper's unit of time, milliseconds
     */
    public static FrontEndConfig ofTickTime(int tickTimeMs) {
        return new FrontEndConfig(
                SessionTimeouts.ofTick(tickTimeMs),
                DEFAULT_MAX_FRAME_BYTES,
                DEFAULT_MAX_CONNECTIONS_PER_ADDRESS,
                DEFAULT_MAX_OUTSTANDING,
                DEFAULT_WORDS,
                null);
    }

    /** The same, with other four-letter words. */
    public FrontEndConfig withWords(Set<String> otherWords) {
        return new FrontEndConfig(
                sessionTimeouts, maxFrameBytes, maxConnectionsPerAddress, maxOutstanding, otherWords, superDigest);
    }

    /** The same, with a user who may do everything. */
    public FrontEndConfig withSuperDigest(String digest) {
        return new FrontEndConfig(
                sessionTimeouts, maxFrameBytes, maxConnectionsPerAddress, maxOutstanding, words, digest);
    }

    /** Without the digest, which is a secret. */
    @Override
    public String toString() {
        return "FrontEndConfig[sessionTimeoutMs=" + sessionTimeouts.minMs() + ".." + sessionTimeouts.maxMs()
                + ", maxFrameBytes=" + maxFrameBytes + ", maxConnectionsPerAddress=" + maxConnectionsPerAddress
                + ", maxOutstanding=" + maxOutstanding + ", words=" + words + ", superDigest="
                + (superDigest == null ? "none" : "hidden") + "]";
    }
}
