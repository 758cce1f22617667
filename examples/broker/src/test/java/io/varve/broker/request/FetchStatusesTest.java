// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FetchStatusesTest {

    @ParameterizedTest
    @EnumSource
    void shouldReadWhatItHasWritten(FetchStatus status) {
        FetchStatus expected =
                switch (status) {
                    case DIVERGING -> FetchStatus.OK; // and the response says where
                    case UNKNOWN_REPLICA -> FetchStatus.UNKNOWN_EPOCH;
                    default -> status;
                };

        assertThat(FetchStatuses.of(FetchStatuses.error(status).code())).isEqualTo(expected);
    }

    @Test
    void shouldLookForTheLeaderWhenTheTopicIsNotKnown() {
        assertThat(FetchStatuses.of(ErrorCode.UNKNOWN_TOPIC_ID.code())).isEqualTo(FetchStatus.NOT_LEADER);
        assertThat(FetchStatuses.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code()))
                .isEqualTo(FetchStatus.NOT_LEADER);
    }

    @Test
    void shouldSayNothingOfErrorsThatAreNotAboutTheLog() {
        assertThat(FetchStatuses.of(ErrorCode.UNKNOWN_SERVER_ERROR.code())).isNull();
        assertThat(FetchStatuses.of(ErrorCode.KAFKA_STORAGE_ERROR.code())).isNull();
        assertThat(FetchStatuses.of(Short.MAX_VALUE)).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void shouldFindEveryErrorByItsNumber(ErrorCode error) {
        assertThat(ErrorCode.find(error.code())).isEqualTo(error);
    }

    @Test
    void shouldCarryWhereLogsDivergeAlsoWithoutAnEpoch() {
        assertThat(FetchStatuses.diverging(sent(new PartitionData()))).isNull();
        for (EpochEnd end : new EpochEnd[] {new EpochEnd(4, 12), new EpochEnd(EpochEnd.NONE, 0), new EpochEnd(0, 0)}) {
            PartitionData data = new PartitionData().divergingEpoch(FetchStatuses.diverging(end));

            assertThat(FetchStatuses.diverging(sent(data))).isEqualTo(end);
        }
    }

    private static PartitionData sent(PartitionData data) {
        MessageWriter writer = new MessageWriter();
        data.write(writer, (short) 17);
        PartitionData read = new PartitionData();
        read.read(new MessageReader(writer.toBuffer()), (short) 17);
        return read;
    }
}
