// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * The connection through which a session acts at present.
 *
 * <p>Threading: immutable.
 *
 * @param member id of the member that has the connection
 * @param connection number of the connection, given by the member and never given again by it
 */
public record SessionOwner(int member, long connection) {}
