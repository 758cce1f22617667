// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.replication.partition.FetchAnswer;
import java.nio.ByteBuffer;
import java.util.UUID;

/** A partition that follows, as those see it who fetch for it. Threading: safe. */
public interface Follower {

    /** The id of its topic. */
    UUID topicId();

    /** Its name. */
    TopicPartition id();

    /**
     * The answer to a fetch has come.
     *
     * @param records whole batches, none when nothing remains; the partition's until it runs {@code done}
     * @param done run once, on any thread, when all that follows from the answer has followed, also the next fetch
     */
    void answered(FetchAnswer answer, ByteBuffer records, Runnable done);

    /**
     * A fetch will not be answered.
     *
     * @param fetchNumber that of the fetch
     * @param done as above
     */
    void failed(int fetchNumber, Runnable done);
}
