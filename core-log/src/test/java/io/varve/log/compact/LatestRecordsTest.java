// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which record is the last of its key, against a map. */
class LatestRecordsTest {

    @Test
    void shouldFindTheLastOfAMillionKeysInOneMebibyte(@TempDir Path directory) {
        Storage storage = ChannelStorage.open(directory);
        compare(storage, new Random(1), 1_500_000, 1_000_000, 1 << 20, true);
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void shouldSplitAgainWhatIsStillTooMuch() {
        MemoryStorage storage = new MemoryStorage();
        // Some two thousand keys fit, so sixteen parts of twelve thousand are split again.
        compare(storage, new Random(2), 300_000, 200_000, LatestRecords.SMALLEST_MEMORY_BYTES, true);
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void shouldDoWithoutFilesWhenTheKeysFit() {
        MemoryStorage storage = new MemoryStorage();
        for (int seed = 0; seed < 20; seed++) {
            compare(storage, new Random(seed), 5000, 1 + seed * 75, LatestRecords.SMALLEST_MEMORY_BYTES, false);
        }
        assertThat(storage.operations()).isZero();
    }

    @Test
    void shouldTakeAsManyKeysAsTheLoadAllows() {
        KeyTable table = new KeyTable(1 << 20);
        Random random = new Random(4);
        for (int i = 0; i < table.largestCount(); i++) {
            assertThat(table.put(random.nextLong(), random.nextLong(), i)).isTrue();
        }

        assertThat(table.put(1, 2, 3)).isFalse();
        assertThat(table.get(1, 2)).isEqualTo(KeyTable.ABSENT);
        assertThat(table.count())
                .isEqualTo(table.largestCount())
                .isGreaterThan((1 << 20) / KeyTable.SLOT_BYTES * 7 / 10);
        table.clear();
        assertThat(table.put(1, 2, 3)).isTrue();
        assertThat(table.put(1, 2, 1)).isTrue();
        assertThat(table.get(1, 2)).isEqualTo(3);
    }

    private static void compare(
            Storage storage, Random random, int records, int keys, int memoryBytes, boolean spills) {
        int[] keyOf = new int[records];
        long[] offsetOf = new long[records];
        Map<Integer, Long> model = new HashMap<>();
        long offset = random.nextInt(5);
        for (int i = 0; i < records; i++) {
            keyOf[i] = i < keys ? i : random.nextInt(keys);
            offsetOf[i] = offset;
            model.put(keyOf[i], offset);
            offset += 1 + random.nextInt(3);
        }
        try (LatestRecords latest = new LatestRecords(storage, memoryBytes, random.nextLong(), random.nextLong())) {
            for (int i = 0; i < records; i++) {
                if (!latest.add(key(keyOf[i]), offsetOf[i])) {
                    assertThat(latest.isSpilled()).isFalse();
                    latest.spill();
                    i = -1;
                }
            }
            assertThat(latest.isSpilled()).isEqualTo(spills);
            while (latest.settle()) {
                // One bounded step after the other.
            }
            int different = 0;
            for (int i = 0; i < records; i++) {
                boolean expected = model.get(keyOf[i]) == offsetOf[i];
                different += latest.isLatest(key(keyOf[i]), offsetOf[i]) == expected ? 0 : 1;
            }
            assertThat(different).as("answers that differ from the model's").isZero();
        }
    }

    private static ByteBuffer key(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, number);
    }
}
