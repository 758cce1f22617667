// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The only door to files: the Storage port and what implements it. Imports nothing of Varve.
 */
@NullMarked
package io.varve.log.storage;

import org.jspecify.annotations.NullMarked;
