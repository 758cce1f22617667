// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.config.ConfigValues;
import java.util.List;

/**
 * Limits and times of consumer groups in the protocol of KIP-848.
 *
 * <p>Threading: immutable.
 *
 * @param isServed whether the protocol is served at all
 * @param sessionTimeoutMs how long a member may be silent
 * @param heartbeatIntervalMs how often members are told to be heard of
 * @param maxSize most members of a group
 * @param assignors the ways to assign that members may ask for, the default first
 * @param migration which groups with members become groups of the other protocol
 */
public record ConsumerGroupConfig(
        boolean isServed,
        int sessionTimeoutMs,
        int heartbeatIntervalMs,
        int maxSize,
        List<String> assignors,
        MigrationPolicy migration) {

    /** The name of the protocol in {@code group.coordinator.rebalance.protocols}. */
    private static final String PROTOCOL = "consumer";

    /** The values of a broker's configuration. */
    static ConsumerGroupConfig of(ConfigValues values) {
        return new ConsumerGroupConfig(
                values.listValue("group.coordinator.rebalance.protocols").contains(PROTOCOL),
                values.intValue("group.consumer.session.timeout.ms"),
                values.intValue("group.consumer.heartbeat.interval.ms"),
                values.intValue("group.consumer.max.size"),
                values.listValue("group.consumer.assignors"),
                MigrationPolicy.of(values.stringValue("group.consumer.migration.policy")));
    }
}
