// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Tools for the files of a log that need no open log: look at them, verify them, repair them. No threads; imports the log and its
 * leaf packages.
 */
@NullMarked
package io.varve.log.tool;

import org.jspecify.annotations.NullMarked;
