// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * What holds a cluster's state: a member of a quorum as a server, configured by zoo.cfg or by the broker, with listeners for ZooKeeper's
 * clients, other members and operators; or an ensemble elsewhere; and the broker's session on it. Its threads are those of
 * {@code coordination} and of the transport, and one that opens sessions. May import the libraries and {@code config}.
 */
@NullMarked
package io.varve.broker.quorum;

import org.jspecify.annotations.NullMarked;
