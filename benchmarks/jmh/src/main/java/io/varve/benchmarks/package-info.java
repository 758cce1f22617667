// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Measurements of Varve beside the systems it is compared with. Every figure lands in RESULTS.md with its command.
 */
@NullMarked
package io.varve.benchmarks;

import org.jspecify.annotations.NullMarked;
