// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes of a batch, as docs/format/log-format.md says. */
class BatchFormatTest {

    private static final String GOLDEN = "000000000000002a" // base offset
            + "00000049" // length of what follows
            + "00000003" // leader epoch
            + "02" // magic
            + "3366b3ad" // checksum
            + "0000" // attributes
            + "00000001" // last offset delta
            + "00000000000003e8" // base timestamp
            + "00000000000003ed" // largest timestamp
            + "0000000000000007" // producer id
            + "0002" // producer epoch
            + "0000000b" // base sequence
            + "00000002" // record count
            + "20" + "00" + "00" + "00" + "026b" + "0a76616c7565" + "02" + "0268" + "0278"
            + "0c" + "00" + "0a" + "02" + "01" + "01" + "00";

    @Test
    void shouldWriteTheGoldenBytes() {
        ByteBuffer batch = new BatchBuilder()
                .producer(7, (short) 2, 11)
                .add(1000, bytes("k"), bytes("value"), List.of(new Header("h", bytes("x"))))
                .add(1005, null, null, List.of())
                .build();
        BatchDescriptor.patch(batch, 0, 42, 3);

        assertThat(HexFormat.of().formatHex(batch.array())).isEqualTo(GOLDEN);
    }

    @Test
    void shouldReadTheGoldenBytes() {
        ByteBuffer batch = ByteBuffer.wrap(HexFormat.of().parseHex(GOLDEN));

        assertThat(BatchDescriptor.check(batch, 0, batch.limit(), batch.limit()))
                .isEqualTo(batch.limit());
        RecordCursor cursor = RecordCursor.over(batch);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.offset()).isEqualTo(42);
        assertThat(cursor.key()).isEqualTo(bytes("k"));
        assertThat(cursor.headers()).containsExactly(new Header("h", bytes("x")));
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.timestampMs()).isEqualTo(1005);
        assertThat(cursor.value()).isNull();
        assertThat(cursor.next()).isFalse();
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }
}
