// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.Follower;
import io.varve.broker.partition.TopicPartition;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.ReplicaFetch;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps what it is told until the test asks. */
final class RecordingFollower implements Follower {

    static final UUID TOPIC = new UUID(7, 9);

    private final TopicPartition id;
    private final BlockingQueue<Told> told = new LinkedBlockingQueue<>();
    private int fetchNumber = 100;

    RecordingFollower(int index) {
        this.id = new TopicPartition("orders", index);
    }

    /**
     * What it was told.
     *
     * @param answer null when the fetch has failed
     */
    record Told(@Nullable FetchAnswer answer, int number, @Nullable ByteBuffer records, Runnable done) {}

    /** The next fetch, under registration 5, in epoch 3. */
    ReplicaFetch fetchAt(long offset) {
        return new ReplicaFetch(++fetchNumber, 1, 5, 3, offset, 3);
    }

    @Override
    public UUID topicId() {
        return TOPIC;
    }

    @Override
    public TopicPartition id() {
        return id;
    }

    @Override
    public void answered(FetchAnswer answer, ByteBuffer records, Runnable done) {
        told.add(new Told(answer, answer.number(), records, done));
    }

    @Override
    public void failed(int number, Runnable done) {
        told.add(new Told(null, number, null, done));
    }

    Told next() throws InterruptedException {
        Told next = told.poll(30, TimeUnit.SECONDS);
        assertThat(next).as("told to " + id).isNotNull();
        return next;
    }

    /** The next answer, which is no failure. */
    Told nextAnswer() throws InterruptedException {
        Told next = next();
        assertThat(next.answer()).as("answer to " + id).isNotNull();
        return next;
    }

    /** Takes the next failure. */
    void awaitFailure() throws InterruptedException {
        Told next = next();
        assertThat(next.answer()).as("failure of " + id).isNull();
        assertThat(next.number()).isEqualTo(fetchNumber);
        next.done().run();
    }

    boolean hasNothing() {
        return told.isEmpty();
    }
}
