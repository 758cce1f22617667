// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.Partition;
import io.varve.kafka.ProtocolException;
import io.varve.log.LogReader;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job of making a machine from the records of its partition, in steps, so that other partitions of the lane are served meanwhile.
 *
 * <p>Threading: confined to the lane of the partition.
 */
final class GroupLoad implements AutoCloseable {

    /** Enough for a small partition to be loaded at once, and few enough to keep the lane for some milliseconds only. */
    static final int RECORDS_PER_STEP = 5000;

    private static final Logger LOG = LoggerFactory.getLogger(GroupLoad.class);

    private final Partition partition;
    private final GroupMachine machine;
    private final LogReader reader;
    private long records;

    GroupLoad(Partition partition, GroupMachine machine) {
        this.partition = partition;
        this.machine = machine;
        this.reader = partition.log().readerAt(partition.log().startOffset());
    }

    /**
     * Does one step.
     *
     * @param nowMs from when the sessions of the members count
     * @return whether all is loaded
     */
    boolean doWork(long nowMs) {
        for (int i = 0; i < RECORDS_PER_STEP; i++) {
            if (!reader.next()) {
                return true;
            }
            ByteBuffer key = reader.record().key();
            if (key != null) {
                load(key, nowMs);
            }
            records++;
        }
        return false;
    }

    private void load(ByteBuffer key, long nowMs) {
        try {
            GroupEvent event = GroupRecords.decode(key, reader.record().value(), nowMs);
            if (event != null) {
                machine.apply(reader.offset(), event);
            }
        } catch (ProtocolException e) {
            LOG.warn("A record cannot be understood: partition={}, offset={}", partition, reader.offset(), e);
        }
    }

    /** How many records have been read. */
    long records() {
        return records;
    }

    @Override
    public void close() {
        reader.close();
    }
}
