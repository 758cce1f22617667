// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a broker that is registered.
 *
 * <p>Threading: immutable.
 *
 * @param epoch number of its registration
 * @param rack where it stands; null when it does not say
 * @param mayJoin whether it may come into an in-sync set: false while it is fenced or shuts down. Source: KIP-841
 */
public record BrokerPresence(long epoch, @Nullable String rack, boolean mayJoin) {}
