// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.random.RandomGenerator;

/**
 * What a member reaches the world by.
 *
 * @param log its log
 * @param snapshots its snapshots
 * @param random draws the election timeouts and, once, the cluster's id; seeded in a simulation
 */
public record QuorumPorts(QuorumLog log, QuorumSnapshots snapshots, RandomGenerator random) {}
