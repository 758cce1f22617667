// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static io.varve.broker.replica.Responses.batch;
import static io.varve.broker.replica.Responses.data;
import static io.varve.broker.replica.Responses.error;
import static io.varve.broker.replica.Responses.joined;
import static io.varve.broker.replica.Responses.nothing;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.replica.Delivery.Outcome;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.FetchStatuses;
import io.varve.kafka.message.FetchResponse.LeaderIdAndEpoch;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaFetch;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PartitionAnswerTest {

    private static final ReplicaFetch FETCH = new ReplicaFetch(8, 1, 5, 3, 10, 2);

    @Test
    void shouldDropABatchThatWasCut() {
        ByteBuffer whole = joined(batch(10, 2, "a"), batch(12, 3, "b"));
        ByteBuffer next = batch(15, 1, "c");
        for (int kept = 0; kept < next.remaining(); kept++) {
            ByteBuffer records = joined(whole, next.slice(0, kept));

            Outcome outcome = PartitionAnswer.of(FETCH, data(0, 12, records));

            assertThat(outcome.records()).isEqualTo(whole);
            assertThat(outcome.answer()).isEqualTo(new FetchAnswer(8, 5, FetchStatus.OK, 3, 12, 0, 15, null));
        }
    }

    @Test
    void shouldFailWhenNotOneBatchIsWhole() {
        ByteBuffer batch = batch(10, 1, "a");

        assertFailed(data(0, 12, batch.slice(0, batch.remaining() - 1)));
        assertFailed(data(0, 12, ByteBuffer.allocate(5)));
        assertFailed(data(0, 12, ByteBuffer.allocate(100)));
        assertFailed(data(0, 12, batch(10, 1, "a").putInt(8, -70)));
        assertFailed(data(0, 12, batch(10, 1, "a").putInt(8, Integer.MAX_VALUE)));
    }

    @Test
    void shouldFailWhenTheLeaderDoesNotSayWhatIsCommitted() {
        assertFailed(data(0, -1, batch(10, 1, "a")));
        assertFailed(nothing(0, 10).logStartOffset(-1));
    }

    @Test
    void shouldSayWhereTheLogsDiverge() {
        EpochEnd end = new EpochEnd(1, 7);
        PartitionData data = nothing(0, 5).divergingEpoch(FetchStatuses.diverging(end));

        assertThat(PartitionAnswer.of(FETCH, data).answer())
                .isEqualTo(new FetchAnswer(8, 5, FetchStatus.DIVERGING, 3, 5, 0, 10, end));
    }

    @Test
    void shouldSayWhereTheLeadersLogStartsWhenTheOffsetIsOutOfIt() {
        PartitionData data =
                error(0, ErrorCode.OFFSET_OUT_OF_RANGE.code()).highWatermark(40).logStartOffset(30);

        assertThat(PartitionAnswer.of(FETCH, data).answer())
                .isEqualTo(new FetchAnswer(8, 5, FetchStatus.OFFSET_OUT_OF_RANGE, 3, 40, 30, 10, null));
    }

    @Test
    void shouldNotLetAFollowerBeginAnewAtAnUnknownStart() {
        assertFailed(error(0, ErrorCode.OFFSET_OUT_OF_RANGE.code()));
    }

    @Test
    void shouldSayTheEpochOfWhoRefuses() {
        PartitionData data = error(0, ErrorCode.FENCED_LEADER_EPOCH.code())
                .currentLeader(new LeaderIdAndEpoch().leaderId(4).leaderEpoch(9));

        FetchAnswer answer = PartitionAnswer.of(FETCH, data).answer();

        assertThat(answer.status()).isEqualTo(FetchStatus.FENCED_EPOCH);
        assertThat(answer.leaderEpoch()).isEqualTo(9);
    }

    @Test
    void shouldFailWhenTheLeaderCannotRead() {
        assertFailed(error(0, ErrorCode.KAFKA_STORAGE_ERROR.code()));
        assertFailed(error(0, (short) 12345));
    }

    private static void assertFailed(PartitionData data) {
        Outcome outcome = PartitionAnswer.of(FETCH, data);

        assertThat(outcome.answer()).isNull();
        assertThat(outcome.problem()).isNotBlank();
        assertThat(outcome.records().hasRemaining()).isFalse();
    }
}
