// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.varve.broker.partition.AppendRefusedException.Reason;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducerStatesTest {

    private static final long PRODUCER = 7;

    private ProducerStates states = new ProducerStates();
    private long endOffset;

    @Test
    void shouldTakeBatchesInSequenceAndKnowRetries() {
        append(0, 0, 3);
        append(0, 3, 2);

        assertThat(check(0, 0, 3)).isZero();
        assertThat(check(0, 3, 2)).isEqualTo(3);
        assertThat(check(0, 5, 1)).isEqualTo(-1);
    }

    @Test
    void shouldKnowRetriesOfTheLastFiveBatches() {
        for (int sequence = 0; sequence < 6; sequence++) {
            append(0, sequence, 1);
        }

        assertThat(check(0, 1, 1)).isEqualTo(1);
        assertThat(refusal(0, 0, 1)).isEqualTo(Reason.OUT_OF_ORDER_SEQUENCE);
    }

    @Test
    void shouldRefuseAGapAndAnUnknownProducerThatDoesNotBegin() {
        assertThat(refusal(0, 1, 1)).isEqualTo(Reason.UNKNOWN_PRODUCER);
        append(0, 0, 1);
        assertThat(refusal(0, 2, 1)).isEqualTo(Reason.OUT_OF_ORDER_SEQUENCE);
        assertThat(refusal(0, 0, 2)).isEqualTo(Reason.OUT_OF_ORDER_SEQUENCE);
    }

    @Test
    void shouldFenceEarlierEpochsAndBeginAnewWithLaterOnes() {
        append(3, 0, 1);

        assertThat(refusal(2, 1, 1)).isEqualTo(Reason.PRODUCER_FENCED);
        assertThat(refusal(4, 1, 1)).isEqualTo(Reason.OUT_OF_ORDER_SEQUENCE);
        append(4, 0, 1);
        assertThat(refusal(3, 1, 1)).isEqualTo(Reason.PRODUCER_FENCED);
    }

    @Test
    void shouldGoFromTheLargestSequenceBackToZero() {
        states.appended(batch(0, Integer.MAX_VALUE - 1, 2), 0);

        assertThat(check(0, 0, 1)).isEqualTo(-1);
        assertThat(refusal(0, 1, 1)).isEqualTo(Reason.OUT_OF_ORDER_SEQUENCE);
        states.appended(batch(0, 0, 1), 0);

        states.appended(batch(1, Integer.MAX_VALUE, 3), 0);
        assertThat(check(1, 2, 1)).isEqualTo(-1);
    }

    @Test
    void shouldForgetProducersThatAreSilent() {
        append(0, 0, 1);
        states.expire(1000 + 60_001, 60_000);
        assertThat(states.size()).isZero();
    }

    /** A producer that retries at random through restarts never gets a record twice, nor one out of order. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldNeverRepeatOrReorder(long seed) {
        Random random = new Random(seed);
        List<Integer> log = new ArrayList<>();
        int sequence = 0;
        for (int step = 0; step < 2000; step++) {
            int first = Math.max(0, sequence - random.nextInt(8));
            boolean retry = first < sequence;
            ByteBuffer batch = batch(0, retry ? first : sequence, 1);
            try {
                long repeated = states.check(batch, 0);
                if (repeated < 0) {
                    BatchDescriptor.patch(batch, 0, log.size(), 0);
                    states.appended(batch, 0);
                    log.add(BatchDescriptor.baseSequence(batch, 0));
                    sequence++;
                } else {
                    assertThat(repeated).isEqualTo(first);
                }
            } catch (AppendRefusedException e) {
                assertThat(sequence - first).as("seed=%d step=%d", seed, step).isGreaterThan(5);
            }
            if (random.nextInt(50) == 0) {
                ProducerStates.Restored restored = ProducerStates.restore(states.snapshot(log.size()));
                assertThat(restored.endOffset()).isEqualTo(log.size());
                states = restored.states();
            }
        }
        for (int i = 0; i < log.size(); i++) {
            assertThat(log.get(i)).isEqualTo(i);
        }
    }

    @Test
    void shouldNotBelieveADamagedSnapshot() {
        append(0, 0, 1);
        ByteBuffer snapshot = states.snapshot(1);
        for (int position = 0; position < snapshot.limit(); position++) {
            ByteBuffer damaged = ByteBuffer.allocate(snapshot.limit())
                    .put(snapshot.duplicate())
                    .flip();
            damaged.put(position, (byte) (damaged.get(position) ^ 4));
            assertThat(ProducerStates.restore(damaged))
                    .as("position=%d", position)
                    .isNull();
            assertThat(ProducerStates.restore(snapshot.slice(0, position))).isNull();
        }
    }

    private void append(int epoch, int sequence, int records) {
        ByteBuffer batch = batch(epoch, sequence, records);
        assertThat(states.check(batch, 0)).isEqualTo(-1);
        BatchDescriptor.patch(batch, 0, endOffset, 0);
        states.appended(batch, 0);
        endOffset += records;
    }

    private long check(int epoch, int sequence, int records) {
        return states.check(batch(epoch, sequence, records), 0);
    }

    private Reason refusal(int epoch, int sequence, int records) {
        return catchThrowableOfType(AppendRefusedException.class, () -> check(epoch, sequence, records))
                .reason();
    }

    private static ByteBuffer batch(int epoch, int sequence, int records) {
        BatchBuilder builder = new BatchBuilder().producer(PRODUCER, (short) epoch, sequence);
        for (int i = 0; i < records; i++) {
            builder.add(1000, null, ByteBuffer.allocate(1), List.of());
        }
        return builder.build();
    }
}
