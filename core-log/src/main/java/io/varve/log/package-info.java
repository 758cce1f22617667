// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The commit log of one process: append, read, roll, recover. One writer, any readers; imports only its own sub-packages.
 */
@NullMarked
package io.varve.log;

import org.jspecify.annotations.NullMarked;
