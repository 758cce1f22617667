// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * One partition on several brokers: a leader that appends, followers that pull, and the rule by which a record is committed.
 *
 * <p>Pure: {@link io.varve.replication.partition.PartitionReplica#step} takes an event and the time and returns what is to be done. No
 * threads, clocks, files, sockets or randomness; confined to the thread of its owner. Who leads and who is in sync is decided elsewhere, by
 * a controller, and told. Imports nothing of Varve.
 */
@NullMarked
package io.varve.replication.partition;

import org.jspecify.annotations.NullMarked;
