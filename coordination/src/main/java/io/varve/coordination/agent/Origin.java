// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

/**
 * Where commands come from: a member from its start to its end. What an earlier run of the same member has sent is another origin's.
 *
 * <p>Threading: immutable.
 *
 * @param member number of the member
 * @param incarnation drawn at random when the member starts
 */
record Origin(int member, long incarnation) {}
