// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.OptionalLong;

/** Reads from whoever is there, and remembers what it was told. */
final class SimulatedConsumer {

    private final Simulation simulation;
    private long offset;
    private int lastEpoch = EpochEnd.NONE;
    private int leaderEpoch = EpochEnd.NONE;
    private long latestOffset;

    SimulatedConsumer(Simulation simulation) {
        this.simulation = simulation;
    }

    void begin() {
        simulation.schedule((10 + simulation.random.nextInt(40)) * Simulation.MS, () -> {
            SimulatedBroker broker = simulation.any();
            broker.later(0, () -> {
                if (!simulation.hasLost()) {
                    readAt(broker);
                }
            });
            if (!simulation.isCalm() && !simulation.hasLost()) {
                begin();
            }
        });
    }

    private void readAt(SimulatedBroker broker) {
        PartitionReplica replica = broker.replica();
        boolean leads = replica.role() == ReplicaRole.LEADER;
        if (leads && replica.leaderEpoch() >= leaderEpoch) {
            leaderEpoch = replica.leaderEpoch();
            seen(replica.latestOffset());
        }
        int known = simulation.random.nextBoolean() ? leaderEpoch : EpochEnd.NONE;
        ConsumerRead read = replica.read(new ConsumerFetch(offset, known, lastEpoch, null));
        if (read.status() == FetchStatus.OK) {
            if (leads && replica.leaderEpoch() == leaderEpoch && read.highWatermark() != ConsumerRead.UNKNOWN) {
                seen(OptionalLong.of(read.highWatermark()));
            }
            take(broker, Math.min(read.endOffset(), offset + 20), leads);
        } else if (read.status() == FetchStatus.OFFSET_OUT_OF_RANGE
                && offset < broker.log().startOffset()) {
            offset = broker.log().startOffset();
            lastEpoch = EpochEnd.NONE;
        } else {
            PartitionState state = simulation.controller.state();
            boolean current = leads && state.leader() == broker.id && state.leaderEpoch() == replica.leaderEpoch();
            Ledger.require(
                    read.status() != FetchStatus.DIVERGING || !current,
                    "the leader does not have what a consumer has read: broker=" + broker.id + ", offset=" + offset);
            if (read.status() == FetchStatus.OFFSET_NOT_AVAILABLE) {
                simulation.saw(Rare.NOT_AVAILABLE);
            }
        }
    }

    private void seen(OptionalLong latest) {
        if (latest.isPresent()) {
            Ledger.require(
                    latest.getAsLong() >= latestOffset,
                    "the high watermark goes back: was=" + latestOffset + ", is=" + latest.getAsLong());
            latestOffset = latest.getAsLong();
        }
    }

    private void take(SimulatedBroker broker, long endOffset, boolean fromLeader) {
        for (; offset < endOffset; offset++) {
            simulation.ledger.consumed(offset, broker.log().entry(offset));
            lastEpoch = broker.log().entry(offset).epoch();
            if (!fromLeader) {
                simulation.saw(Rare.READ_FROM_FOLLOWER);
            }
        }
    }
}
