// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.Arrays;

/** Which groups become groups of the other protocol while they have members (KIP-848, group.consumer.migration.policy). */
public enum MigrationPolicy {
    /** None. */
    DISABLED,
    /** Classic groups, when a member of the consumer protocol joins. */
    UPGRADE,
    /** Consumer groups, when the last member of the consumer protocol has gone. */
    DOWNGRADE,
    /** Both. */
    BIDIRECTIONAL;

    static MigrationPolicy of(String name) {
        return Arrays.stream(values())
                .filter(policy -> policy.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown migration policy: name=" + name
                        + "; use disabled, upgrade, downgrade or bidirectional"));
    }

    boolean upgrades() {
        return this == UPGRADE || this == BIDIRECTIONAL;
    }

    boolean downgrades() {
        return this == DOWNGRADE || this == BIDIRECTIONAL;
    }
}
