// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import java.util.UUID;

/**
 * A partition as fetches name it.
 *
 * @param topicId id of its topic
 * @param index its number in the topic
 */
record PartitionKey(UUID topicId, int index) {}
