// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.replication.partition.FetchAnswer;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * A partition that follows: what the fetchers need of it.
 *
 * <p>Whatever is told is the end of a fetch. While it waits for that, a follower may hand in another fetch, which takes the place of the
 * one before: nothing is heard of that any more. {@code done} is to be run each time, by any thread, or the leader is not asked again.
 */
public interface Follower {

    /** The id of the partition's topic, by which the leader knows it. */
    UUID topicId();

    /** The name of the partition. */
    TopicPartition id();

    /**
     * The answer to the latest fetch. Called by any thread, which must not be kept waiting.
     *
     * @param answer what the leader says; its number and broker epoch are those of the latest fetch
     * @param records whole batches from position to limit; the taker's until it has run {@code done}
     * @param done to be run once, after the next fetch was handed in if there is one: the leader is asked again when all that it has
     *     answered are done
     */
    void answered(FetchAnswer answer, ByteBuffer records, Runnable done);

    /**
     * The fetch will not be answered: the leader cannot be reached, or its answer says nothing about the log. Called by any thread, also by
     * the one that hands in a fetch, before that has returned.
     *
     * @param fetchNumber that of the latest fetch
     * @param done as in {@link #answered}
     */
    void failed(int fetchNumber, Runnable done);
}
