// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * Bounds that the tree holds its users to. They are part of the replicated state, since outcomes depend on them: a leader whose
 * configuration differs from {@link TreeMachine#limits()} proposes {@link TreeCommand.SetLimits}.
 *
 * <p>Threading: immutable.
 *
 * @param maxDataBytes largest data of a node in bytes, inclusive
 * @param enforcesQuotas whether an operation that would exceed a hard quota is refused
 */
public record TreeLimits(int maxDataBytes, boolean enforcesQuotas) {

    /** ZooKeeper's: jute.maxbuffer of 0xfffff bytes, quotas that only count. */
    public static final TreeLimits DEFAULT = new TreeLimits(0xfffff, false);

    public TreeLimits {
        if (maxDataBytes < 0) {
            throw new IllegalArgumentException("negative limit: maxDataBytes=" + maxDataBytes);
        }
    }
}
