// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.config.ConfigValues;

/**
 * Limits and times of consumer groups.
 *
 * <p>Threading: immutable.
 *
 * @param minSessionTimeoutMs shortest session timeout that a member may ask for
 * @param maxSessionTimeoutMs longest one
 * @param initialRebalanceDelayMs how long an empty group waits for more members
 * @param maxSize most members of a group
 * @param maxMetadataBytes longest text that a commit may carry
 * @param offsetsRetentionMs how long the offsets of a group without members are kept
 * @param expirationCheckMs pause between two looks for offsets to forget
 * @param commitTimeoutMs how long an answer waits for the replicas at most
 * @param consumer what holds for the groups of KIP-848
 */
public record GroupConfig(
        int minSessionTimeoutMs,
        int maxSessionTimeoutMs,
        int initialRebalanceDelayMs,
        int maxSize,
        int maxMetadataBytes,
        long offsetsRetentionMs,
        long expirationCheckMs,
        int commitTimeoutMs,
        ConsumerGroupConfig consumer) {

    private static final long MINUTE_MS = 60_000;

    /** Whether a member may ask for a session timeout. */
    boolean allowsSession(int timeoutMs) {
        return timeoutMs >= minSessionTimeoutMs && timeoutMs <= maxSessionTimeoutMs;
    }

    /** The values of a broker's configuration. */
    public static GroupConfig of(ConfigValues values) {
        return new GroupConfig(
                values.intValue("group.min.session.timeout.ms"),
                values.intValue("group.max.session.timeout.ms"),
                values.intValue("group.initial.rebalance.delay.ms"),
                values.intValue("group.max.size"),
                values.intValue("offset.metadata.max.bytes"),
                values.longValue("offsets.retention.minutes") * MINUTE_MS,
                values.longValue("offsets.retention.check.interval.ms"),
                values.intValue("offsets.commit.timeout.ms"),
                ConsumerGroupConfig.of(values));
    }
}
