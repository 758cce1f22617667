// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The assembly: an ordered list of steps that makes a broker out of the modules.
 */
@NullMarked
package io.varve.broker;

import org.jspecify.annotations.NullMarked;
