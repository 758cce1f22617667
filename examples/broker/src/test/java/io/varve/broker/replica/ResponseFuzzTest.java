// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.Follower;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.replica.MemoryTransport.MemoryConnection;
import io.varve.kafka.message.FetchResponse;
import io.varve.log.batch.BatchDescriptor;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.ReplicaFetch;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Whatever bytes a leader answers with: nothing is thrown, the memory is given back, and either the link goes on or it is closed and every
 * follower knows.
 */
class ResponseFuzzTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 5_000);
    private static final int LEADER = 2;

    private final List<Integer> correlationIds = new ArrayList<>();
    private final MemoryTransport transport =
            new MemoryTransport((connection, frame) -> correlationIds.add(frame.getInt(4)));
    private final FetchersConfig config = new FetchersConfig(500, 1, 1000, 1000, 1);
    private int answered;
    private int failed;
    private int closed;

    /** Asks once, and is done at once. */
    private final class OnceFollower implements Follower {

        private final int index;
        private int ends;

        OnceFollower(int index) {
            this.index = index;
        }

        @Override
        public UUID topicId() {
            return RecordingFollower.TOPIC;
        }

        @Override
        public TopicPartition id() {
            return new TopicPartition("orders", index);
        }

        @Override
        public void answered(FetchAnswer answer, ByteBuffer records, Runnable done) {
            for (int at = 0; at < records.limit(); at += BatchDescriptor.sizeBytes(records, at)) {
                assertThat(BatchDescriptor.sizeBytes(records, at))
                        .isBetween(BatchDescriptor.HEADER_BYTES, records.limit() - at);
            }
            ends++;
            answered++;
            done.run();
        }

        @Override
        public void failed(int fetchNumber, Runnable done) {
            ends++;
            failed++;
            done.run();
        }
    }

    @Test
    void shouldTakeWhateverALeaderAnswers() {
        for (int seed = 1; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            try {
                answer(random);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
            }
        }

        assertThat(answered).isGreaterThan(SEEDS / 10);
        assertThat(failed).isGreaterThan(SEEDS / 10);
        assertThat(closed).isBetween(SEEDS / 10, SEEDS * 9 / 10);
    }

    private void answer(Random random) {
        Fetchers fetchers = new Fetchers(transport, config, id -> InetSocketAddress.createUnresolved("leader", 9092));
        correlationIds.clear();
        List<OnceFollower> followers = List.of(new OnceFollower(0), new OnceFollower(1), new OnceFollower(2));
        for (OnceFollower follower : followers) {
            fetchers.fetch(LEADER, new ReplicaFetch(1, 1, 5, 3, 10, 3), follower);
        }
        MemoryConnection connection = transport.open();
        assertThat(connection).isNotNull();
        boolean atOnce = random.nextInt(10) == 0;
        connection.receive(atOnce ? spoilt(random, FakeLeader.versions(0)) : FakeLeader.versions(0));
        if (!connection.isClosed()) {
            connection.receive(spoilt(random, FakeLeader.encode(lastCorrelationId(), response(random))));
        }

        assertThat(connection.openExchanges()).isZero();
        if (connection.isClosed()) {
            closed++;
            assertThat(followers)
                    .allSatisfy(follower -> assertThat(follower.ends).isEqualTo(1));
        } else {
            assertThat(followers)
                    .allSatisfy(follower -> assertThat(follower.ends).isLessThanOrEqualTo(1));
        }
        fetchers.close();
        assertThat(followers).allSatisfy(follower -> assertThat(follower.ends).isEqualTo(1));
    }

    private int lastCorrelationId() {
        return correlationIds.get(correlationIds.size() - 1);
    }

    private static FetchResponse response(Random random) {
        return Responses.response(
                random.nextInt(3),
                Responses.data(0, 12, Responses.joined(Responses.batch(10, 2, "a"), Responses.batch(12, 1, "b"))),
                Responses.nothing(1, 10),
                Responses.data(2, 11, Responses.batch(10, 1, "c")));
    }

    /** The bytes with some of them changed, cut out or added; seldom as they were. */
    private static ByteBuffer spoilt(Random random, ByteBuffer bytes) {
        byte[] spoilt = new byte[bytes.remaining()];
        bytes.duplicate().get(spoilt);
        int changes = random.nextInt(4);
        for (int i = 0; i < changes && spoilt.length > 0; i++) {
            int at = random.nextInt(spoilt.length);
            spoilt[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (spoilt[at] ^ 1 << random.nextInt(8));
        }
        int length = random.nextInt(5) == 0 ? random.nextInt(spoilt.length + 20) : spoilt.length;
        ByteBuffer result = ByteBuffer.allocate(Math.max(1, length));
        result.put(spoilt, 0, Math.min(spoilt.length, result.capacity()));
        return result.rewind();
    }
}
