// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.batch.Header;
import io.varve.log.batch.InvalidBatchException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches that are damaged under a checksum that is right: the filter reads them or says what is wrong, and nothing else. */
class BatchFilterFuzzTest {

    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldBearDamagedBatches(Compression compression) {
        Random random = new Random(compression.id());
        int refused = 0;
        int filtered = 0;
        for (int round = 0; round < 4000; round++) {
            ByteBuffer batch = batch(random, compression);
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                int from = random.nextInt(3) == 0 ? ATTRIBUTES : BatchDescriptor.HEADER_BYTES;
                batch.put(from + random.nextInt(batch.limit() - from), (byte) random.nextInt(256));
            }
            CRC32C crc = new CRC32C();
            crc.update(batch.duplicate().position(ATTRIBUTES));
            batch.putInt(CRC, (int) crc.getValue());
            BatchFilter filter = new BatchFilter(
                    (key, offset) -> random.nextBoolean(),
                    CompactionOwner.NONE,
                    random.nextLong(),
                    CompactionPolicy.builder().maxBatchBytes(1 << 20).build());
            try {
                BatchDescriptor.check(batch, 0, batch.limit(), Integer.MAX_VALUE);
                ByteBuffer stays = filter.filter(batch);
                if (stays != null) {
                    BatchDescriptor.check(stays, 0, stays.limit(), Integer.MAX_VALUE);
                    filtered++;
                }
            } catch (InvalidBatchException e) {
                assertThat(e.getMessage()).startsWith("invalid batch: reason=" + e.reason());
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(300);
        assertThat(filtered).isGreaterThan(100);
    }

    @ParameterizedTest
    @EnumSource(
            value = Compression.class,
            names = {"GZIP", "SNAPPY", "LZ4", "ZSTD"})
    void shouldRefuseWhatUnpacksToTooMuch(Compression compression) {
        ByteBuffer batch = new BatchBuilder()
                .compression(compression)
                .add(new byte[] {1}, new byte[8 << 20])
                .build();
        BatchDescriptor.patch(batch, 0, 42, 0);
        CompactionPolicy policy =
                CompactionPolicy.builder().maxBatchBytes(4 << 20).build();
        BatchFilter filter = new BatchFilter((key, offset) -> true, CompactionOwner.NONE, 0, policy);

        assertThatExceptionOfType(InvalidBatchException.class)
                .isThrownBy(() -> filter.filter(batch))
                .withMessageContaining("baseOffset=42")
                .withMessageContaining("maxBytes=" + (4 << 20))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(InvalidBatchException.Reason.TOO_LARGE));
    }

    @Test
    void shouldGiveBackTheSameBytesWhenAllStays() {
        ByteBuffer batch = batch(new Random(7), Compression.ZSTD);
        BatchFilter filter =
                new BatchFilter((key, offset) -> true, CompactionOwner.NONE, 0, CompactionPolicy.defaults());
        ByteBuffer dated = filter.filter(batch);
        assertThat(dated).isNotNull();
        assertThat(filter.filter(dated)).isSameAs(dated);
    }

    private static ByteBuffer batch(Random random, Compression compression) {
        BatchBuilder builder = new BatchBuilder().compression(compression);
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            byte[] value = new byte[random.nextInt(60)];
            builder.add(
                    1000 + i,
                    ByteBuffer.wrap(new byte[] {(byte) random.nextInt(9), 2}),
                    random.nextInt(4) == 0 ? null : ByteBuffer.wrap(value),
                    List.of(new Header("h", null)));
        }
        return builder.build();
    }
}
