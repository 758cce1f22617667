// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Logs measured side by side: the same batches appended, read, sought and recovered by Varve, by Kafka's log, by Chronicle Queue and by
 * plain files.
 *
 * <p>Threads: one thread per benchmark. May import anything.
 */
@NullMarked
package io.varve.benchmarks.log;

import org.jspecify.annotations.NullMarked;
