// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Consumer groups: the machine, its shards on the partitions of __consumer_offsets, and the handlers.
 */
@NullMarked
package io.varve.broker.group;

import org.jspecify.annotations.NullMarked;
