// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.replication.partition.ReplicaConfig;
import java.util.List;

/**
 * What a partition lives in.
 *
 * @param config its topic's configuration when it was opened
 * @param replica who this broker is
 * @param peers the others
 * @param listeners who is told when this broker leads
 */
record PartitionContext(
        PartitionConfig config, ReplicaConfig replica, Peers peers, List<PartitionListener> listeners) {}
