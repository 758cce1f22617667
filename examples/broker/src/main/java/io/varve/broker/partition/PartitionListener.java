// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

/** Is told of the partitions that this broker leads; called on the partition's lane. */
public interface PartitionListener {

    /** A partition is open; it is not found by others before the listener returns. */
    void onOpened(Partition partition);

    /** A partition is about to be closed. */
    void onClosed(Partition partition);
}
