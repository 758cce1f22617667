// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of an index file, as docs/format/log-format.md says. */
class IndexFormatTest {

    private static final SegmentSummary SUMMARY = new SegmentSummary(900, 120, 2000, 110);

    @Test
    void shouldWriteAndReadTheGoldenBytes() {
        SparseIndex index = new SparseIndex();
        index.add(9, 300, 1500, 7);
        index.add(19, 600, 2000, 10);

        ByteBuffer bytes = IndexDescriptor.encode(index, SUMMARY);

        String body = "00000009" + "0000012c" + "00000000000005dc" + "00000007" + "00000013" + "00000258"
                + "00000000000007d0" + "0000000a";
        String hex = HexFormat.of().formatHex(bytes.array());
        assertThat(hex)
                .startsWith("56494458" + "00000001")
                .endsWith("00000002" + body)
                .contains("00000002" + "0000000000000384" + "0000000000000078" + "00000000000007d0" + "000000000000006e"
                        + "0".repeat(32));
        assertThat(bytes.remaining()).isEqualTo(IndexDescriptor.fileBytes(2)).isEqualTo(64 + 8 + 40);
        SparseIndex read = new SparseIndex();
        assertThat(IndexDescriptor.decode(bytes, read)).isEqualTo(SUMMARY);
        assertThat(read.entryCount()).isEqualTo(2);
        assertThat(read.positionAtOrBelow(8)).isZero();
        assertThat(read.positionAtOrBelow(9)).isEqualTo(300);
        assertThat(read.positionAtOrBelow(100)).isEqualTo(600);
        assertThat(read.positionBeforeTime(1500)).isZero();
        assertThat(read.positionBeforeTime(1501)).isEqualTo(300);
    }

    @Test
    void shouldSpanPages() {
        SparseIndex index = new SparseIndex();
        for (int i = 0; i < 1000; i++) {
            index.add(10 * i + 9, 100 * i, i, 10 * i);
        }
        MemoryStorage storage = new MemoryStorage();
        index.save(storage, "i", SUMMARY);

        SparseIndex.Loaded loaded = SparseIndex.load(storage, "i", 900);

        assertThat(loaded).isNotNull();
        assertThat(loaded.index().entryCount()).isEqualTo(1000);
        assertThat(loaded.index().positionAtOrBelow(5009)).isEqualTo(50_000);
        assertThat(SparseIndex.load(storage, "i", 901))
                .as("of another log file")
                .isNull();
        assertThat(SparseIndex.load(storage, "absent", 900)).isNull();
    }

    @Test
    void shouldBelieveNoFileThatWasCutOff() {
        SparseIndex index = new SparseIndex();
        index.add(9, 300, 1500, 7);
        ByteBuffer whole = IndexDescriptor.encode(index, SUMMARY);
        for (int length = 0; length < whole.limit(); length++) {
            MemoryStorage storage = new MemoryStorage();
            try (StorageFile file = storage.open("i")) {
                file.write(whole.slice(0, length), 0);
            }
            assertThat(SparseIndex.load(storage, "i", 900))
                    .as("length=%d", length)
                    .isNull();
        }
    }
}
