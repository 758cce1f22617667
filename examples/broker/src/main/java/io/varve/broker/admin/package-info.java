// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Handlers of topics, configurations and the description of the cluster.
 */
@NullMarked
package io.varve.broker.admin;

import org.jspecify.annotations.NullMarked;
