// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * A partition on this broker: its log, its producers, its waiters. Confined to the lane that owns the partition.
 */
@NullMarked
package io.varve.broker.partition;

import org.jspecify.annotations.NullMarked;
