// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/** Going through the batches of a file that may be damaged. No threads; imports {@code batch} and {@code storage}. */
@NullMarked
package io.varve.log.walk;

import org.jspecify.annotations.NullMarked;
