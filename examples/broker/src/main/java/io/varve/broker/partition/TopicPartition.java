// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

/**
 * The name of a partition.
 *
 * <p>Threading: immutable.
 *
 * @param topic name of the topic
 * @param index number of the partition in it, from 0
 */
public record TopicPartition(String topic, int index) {

    @Override
    public String toString() {
        return topic + "-" + index;
    }
}
