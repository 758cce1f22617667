// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The elected controller: the only writer of partition state. Decisions are pure; one thread carries them out.
 */
@NullMarked
package io.varve.broker.controller;

import org.jspecify.annotations.NullMarked;
