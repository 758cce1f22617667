// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * What operations on the coordination tree cost, without its log.
 *
 * <p>Threads: one thread per benchmark. May import anything.
 */
@NullMarked
package io.varve.benchmarks.tree;

import org.jspecify.annotations.NullMarked;
