// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

/** Where a value comes from, nearest to the topic first, with Kafka's numbers of the DescribeConfigs response. */
public enum ConfigSource {
    /** Set for the topic. */
    DYNAMIC_TOPIC(1),
    /** Set for this broker while it runs. */
    DYNAMIC_BROKER(2),
    /** Set for all brokers while they run. */
    DYNAMIC_DEFAULT_BROKER(3),
    /** From the file or the command line. */
    STATIC_BROKER(4),
    /** The registry's default. */
    DEFAULT(5);

    private final byte id;

    ConfigSource(int id) {
        this.id = (byte) id;
    }

    /** The source's number in a DescribeConfigs response. */
    public byte id() {
        return id;
    }
}
