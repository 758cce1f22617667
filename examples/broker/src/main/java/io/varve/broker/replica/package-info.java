// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Fetches records from the brokers that lead, for the partitions that follow them. Threads: none of its own; fetches are handed in by any
 * thread, answers are handed out on the event loops of the transport. Imports what requests and their errors are, and the transport's port.
 */
@NullMarked
package io.varve.broker.replica;

import org.jspecify.annotations.NullMarked;
