// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * What is known of a node beside its data; ZooKeeper's Stat.
 *
 * <p>Threading: immutable.
 *
 * @param czxid transaction that created the node
 * @param mzxid transaction that last set its data
 * @param pzxid transaction that last created or deleted a child
 * @param ctimeMs when it was created, milliseconds since the epoch
 * @param mtimeMs when its data was last set, milliseconds since the epoch
 * @param version number of times the data was set
 * @param cversion number of changes of its children
 * @param aversion number of changes of its access list
 * @param ephemeralOwner session that owns it, 0 when it is not ephemeral
 * @param dataLength length of the data in bytes
 * @param numChildren number of children
 */
public record NodeStat(
        long czxid,
        long mzxid,
        long pzxid,
        long ctimeMs,
        long mtimeMs,
        int version,
        int cversion,
        int aversion,
        long ephemeralOwner,
        int dataLength,
        int numChildren) {}
