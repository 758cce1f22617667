// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * What becomes of topics and partitions. Decisions are pure; what they come to is written with conditions, under the epoch of the
 * controller: by the elected controller, and by each broker what concerns itself, which is the replicas in sync with it where it leads,
 * its start and its end.
 */
@NullMarked
package io.varve.broker.controller;

import org.jspecify.annotations.NullMarked;
