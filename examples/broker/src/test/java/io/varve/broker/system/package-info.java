// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * System tests: real clients as they are published, against the broker as it is shipped, each in a process of its own.
 */
@NullMarked
package io.varve.broker.system;

import org.jspecify.annotations.NullMarked;
