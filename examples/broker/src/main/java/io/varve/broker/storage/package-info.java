// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Log directories: their identity, their partitions, retention.
 */
@NullMarked
package io.varve.broker.storage;

import org.jspecify.annotations.NullMarked;
