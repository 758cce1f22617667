// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The command line: ./varve and its commands.
 */
@NullMarked
package io.varve.broker.cli;

import org.jspecify.annotations.NullMarked;
