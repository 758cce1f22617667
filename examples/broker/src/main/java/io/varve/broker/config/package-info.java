// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * One registry of configuration keys: validation, defaults, documentation and explanation come from it.
 */
@NullMarked
package io.varve.broker.config;

import org.jspecify.annotations.NullMarked;
