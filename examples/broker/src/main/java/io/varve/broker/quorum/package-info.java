// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * A member of a quorum as a server: configured by zoo.cfg, with listeners for ZooKeeper's clients, other members and operators. Its
 * threads are those of {@code coordination} and of the transport. May import the libraries and {@code config}.
 */
@NullMarked
package io.varve.broker.quorum;

import org.jspecify.annotations.NullMarked;
