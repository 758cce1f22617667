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

    private static final SegmentSummary FIRST = new SegmentSummary(900, 120, 2000, 110, 64);
    private static final SegmentSummary SECOND = new SegmentSummary(1500, 130, 2100, 125, 0);

    private final MemoryStorage storage = new MemoryStorage();
    private final IndexFile file = new IndexFile(storage, "i", 100);
    private final SparseIndex index = new SparseIndex();

    private void writeTwoBlocks() {
        index.add(9, 300, 1500, 7);
        index.add(19, 600, 2000, 10);
        file.append(index, 2, FIRST);
        index.add(29, 1200, 2100, 25);
        file.append(index, 3, SECOND);
    }

    private ByteBuffer bytes() {
        try (StorageFile stored = storage.open("i")) {
            ByteBuffer bytes = ByteBuffer.allocate((int) stored.sizeBytes());
            stored.read(bytes, 0);
            return bytes.flip();
        }
    }

    private void replace(ByteBuffer bytes) {
        try (StorageFile stored = storage.open("i")) {
            stored.truncate(0);
            stored.write(bytes, 0);
        }
    }

    @Test
    void shouldWriteTheGoldenBytes() {
        index.add(9, 300, 1500, 7);
        index.add(19, 600, 2000, 10);
        file.append(index, 2, FIRST);

        String hex = HexFormat.of().formatHex(bytes().array());
        String entries = "00000009" + "0000012c" + "00000000000005dc" + "00000007" + "00000013" + "00000258"
                + "00000000000007d0" + "0000000a";
        String summary = "0000000000000384" + "0000000000000078" + "00000000000007d0" + "000000000000006e"
                + "0000000000000040" + "00000078";
        assertThat(hex)
                .hasSize(2 * (24 + 8 + 40 + 48))
                .startsWith("56494458" + "00000002" + "0000000000000064" + "00000000")
                .contains("00000002" + entries + summary);
    }

    @Test
    void shouldReadWhatWasAppended() {
        writeTwoBlocks();

        IndexFile.Loaded loaded = new IndexFile(storage, "i", 100).load(1500);

        assertThat(loaded).isNotNull();
        assertThat(loaded.summary()).isEqualTo(SECOND);
        SparseIndex read = loaded.index();
        assertThat(read.entryCount()).isEqualTo(3);
        assertThat(read.entryAtOrBelow(8)).isEqualTo(-1);
        assertThat(read.position(read.entryAtOrBelow(9))).isEqualTo(300);
        assertThat(read.position(read.entryAtOrBelow(100))).isEqualTo(1200);
        assertThat(read.positionBeforeTime(1500)).isZero();
        assertThat(read.positionBeforeTime(1501)).isEqualTo(300);
        assertThat(read.below(1200).entryCount()).isEqualTo(2);
        assertThat(new IndexFile(storage, "i", 100).summary()).isEqualTo(SECOND);
    }

    @Test
    void shouldNotBelieveTheIndexOfAnotherFile() {
        writeTwoBlocks();

        assertThat(new IndexFile(storage, "i", 101).load(1500))
                .as("base offset")
                .isNull();
        assertThat(new IndexFile(storage, "i", 101).summary()).isNull();
        assertThat(new IndexFile(storage, "i", 100).load(1499)).as("longer log").isNull();
        assertThat(new IndexFile(storage, "absent", 100).load(1500)).isNull();
    }

    @Test
    void shouldBelieveWholeBlocksOfAFileThatWasCutOff() {
        writeTwoBlocks();
        ByteBuffer whole = bytes();
        int firstEnd = 24 + 8 + 40 + 48;
        for (int length = 0; length < whole.limit(); length++) {
            replace(whole.slice(0, length));
            IndexFile.Loaded loaded = new IndexFile(storage, "i", 100).load(1500);
            if (length < firstEnd) {
                assertThat(loaded).as("length=%d", length).isNull();
            } else {
                assertThat(loaded).as("length=%d", length).isNotNull();
                assertThat(loaded.summary()).isEqualTo(FIRST);
                assertThat(loaded.index().entryCount()).isEqualTo(2);
            }
        }
    }

    @Test
    void shouldReplaceADamagedBlockByTheNextAppend() {
        writeTwoBlocks();
        ByteBuffer whole = bytes();
        whole.put(whole.limit() - 60, (byte) ~whole.get(whole.limit() - 60));
        replace(whole);
        IndexFile again = new IndexFile(storage, "i", 100);
        IndexFile.Loaded loaded = again.load(1500);
        assertThat(loaded.summary()).isEqualTo(FIRST);

        loaded.index().add(29, 1200, 2100, 25);
        again.append(loaded.index(), 3, SECOND);

        assertThat(new IndexFile(storage, "i", 100).load(1500).summary()).isEqualTo(SECOND);
    }

    @Test
    void shouldBelieveNoFlippedBit() {
        writeTwoBlocks();
        ByteBuffer whole = bytes();
        for (int bit = 0; bit < 8 * whole.limit(); bit++) {
            ByteBuffer flipped = ByteBuffer.wrap(whole.array().clone());
            flipped.put(bit / 8, (byte) (flipped.get(bit / 8) ^ (1 << (bit % 8))));
            replace(flipped);
            IndexFile.Loaded loaded = new IndexFile(storage, "i", 100).load(1500);
            assertThat(loaded == null || loaded.summary().equals(FIRST))
                    .as("bit=%d", bit)
                    .isTrue();
        }
    }
}
