// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.disk.MemberFiles;
import java.util.function.LongSupplier;

/**
 * What a member works with.
 *
 * @param files its log, its vote and its snapshots
 * @param forcer makes the log durable
 * @param snapshots takes and loads snapshots
 * @param peers the way to the other members
 * @param listener is told what the rest of the process wants to know
 * @param clocks what time it is
 */
record MemberParts(
        MemberFiles files,
        LogForcer forcer,
        SnapshotKeeper snapshots,
        PeerWire peers,
        MemberListener listener,
        Clocks clocks) {

    /**
     * The time.
     *
     * @param nanos monotonic, from 0 or more, nanoseconds
     * @param wallMs milliseconds since the epoch
     */
    record Clocks(LongSupplier nanos, LongSupplier wallMs) {

        static Clocks system() {
            long origin = System.nanoTime();
            return new Clocks(() -> System.nanoTime() - origin, System::currentTimeMillis);
        }
    }
}
