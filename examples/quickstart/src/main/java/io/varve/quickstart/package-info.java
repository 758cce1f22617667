// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Small programs that use core-log, each runnable and at most sixty lines.
 */
@NullMarked
package io.varve.quickstart;

import org.jspecify.annotations.NullMarked;
