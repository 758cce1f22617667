// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.List;

/** Configurations that several tests use. */
final class TestConfigs {

    /** Of consumer groups, with times that a test can count. */
    static final ConsumerGroupConfig CONSUMER = consumer(MigrationPolicy.BIDIRECTIONAL);

    static ConsumerGroupConfig consumer(MigrationPolicy migration) {
        return new ConsumerGroupConfig(true, 1000, 100, 100, List.of("uniform", "range"), migration);
    }

    private TestConfigs() {}
}
