// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

/**
 * How far a group has come in a partition.
 *
 * <p>Threading: immutable.
 *
 * @param offset the next record that the group wants
 * @param leaderEpoch epoch of the record before, -1 when unknown
 * @param metadata what the consumer wants to remember with it
 * @param commitMs when it was committed, milliseconds since the epoch
 */
record CommittedOffset(long offset, int leaderEpoch, String metadata, long commitMs) {}
