// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Records that are damaged under a checksum that is right: the cursor reads them or says what is wrong, and nothing else. */
class RecordCursorFuzzTest {

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldBearDamagedRecords(Compression compression) {
        Random random = new Random(compression.id());
        int refused = 0;
        for (int round = 0; round < 3000; round++) {
            ByteBuffer batch = batch(random, compression);
            int flips = 1 + random.nextInt(4);
            for (int i = 0; i < flips; i++) {
                int position =
                        BatchDescriptor.HEADER_BYTES + random.nextInt(batch.limit() - BatchDescriptor.HEADER_BYTES);
                batch.put(position, (byte) random.nextInt(256));
            }
            batch.putInt(BatchDescriptor.CRC, BatchDescriptor.computedCrc(batch, 0, batch.limit()));
            assertThat(BatchDescriptor.check(batch, 0, batch.limit(), Integer.MAX_VALUE))
                    .isEqualTo(batch.limit());
            try {
                RecordCursor.validate(batch);
                RecordCursor cursor = RecordCursor.over(batch);
                while (cursor.next()) {
                    assertThat(cursor.offset()).isNotNegative();
                }
            } catch (InvalidBatchException e) {
                assertThat(e.reason()).isEqualTo(InvalidBatchException.Reason.RECORDS);
                refused++;
            }
        }
        assertThat(refused).as("damaged batches that were refused").isGreaterThan(300);
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldEndWhereItIsClosed(Compression compression) {
        ByteBuffer batch = new BatchBuilder()
                .compression(compression)
                .add(new byte[] {1}, new byte[] {2})
                .add(new byte[] {3}, new byte[] {4})
                .build();
        RecordCursor cursor = RecordCursor.over(batch);
        assertThat(cursor.next()).isTrue();

        cursor.close();
        cursor.close();

        assertThat(cursor.next()).isFalse();
        assertThat(cursor.key()).isEqualTo(ByteBuffer.wrap(new byte[] {1}));
    }

    private static ByteBuffer batch(Random random, Compression compression) {
        BatchBuilder builder = new BatchBuilder().compression(compression);
        int records = 1 + random.nextInt(5);
        for (int i = 0; i < records; i++) {
            byte[] value = new byte[random.nextInt(60)];
            builder.add(
                    1000 + i,
                    random.nextBoolean() ? null : ByteBuffer.wrap(new byte[] {1, 2}),
                    ByteBuffer.wrap(value),
                    List.of(new Header("h", null)));
        }
        return builder.build();
    }
}
