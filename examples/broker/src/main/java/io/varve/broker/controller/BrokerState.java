// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import org.jspecify.annotations.Nullable;

/**
 * A registered broker as the controller sees it.
 *
 * <p>Threading: immutable.
 *
 * @param id its number
 * @param epoch its broker epoch
 * @param rack where it stands, null when nobody said
 * @param standing what it may be trusted with
 */
record BrokerState(int id, long epoch, @Nullable String rack, Standing standing) {}
