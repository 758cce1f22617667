// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

/** Is told of the partitions that this broker leads; called on the partition's lane. */
public interface PartitionListener {

    /** This broker leads from now on, in {@link Partition#leaderEpoch}. */
    void onLeading(Partition partition);

    /** It does not any more, or will in another epoch, or the partition is about to be closed; told once for each leadership. */
    void onResigned(Partition partition);
}
