// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.StorageFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Flips single bits anywhere in the files of a log: no wrong byte is served, and of the batches none is missing but the one that was
 * hit.
 *
 * <p>As many as {@code -Dvarve.flips} says, 4,000 when not given, over all cases.
 */
class BitFlipTest {

    private static final int FLIPS = Integer.getInteger("varve.flips", 4000) / 2;
    private static final int RECORDS = 3;
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(4000)
            .indexIntervalBytes(300)
            .recoveryBytes(2000)
            .reserveBytes(0)
            .build();

    private final List<String> appended = new ArrayList<>();

    /** Clean: the log was closed. Otherwise its process died. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldServeNoWrongByteAndMissNothingElse(boolean clean) {
        MemoryStorage image = image(clean);
        TreeMap<Long, String> fileAt = new TreeMap<>();
        long totalBytes = 0;
        for (String name : image.names()) {
            fileAt.put(totalBytes, name);
            try (StorageFile file = image.open(name)) {
                totalBytes += file.sizeBytes();
            }
        }
        Random random = new Random(clean ? 1 : 2);
        for (int i = 0; i < FLIPS; i++) {
            long at = (long) (random.nextDouble() * totalBytes);
            long start = fileAt.floorKey(at);
            check(image, fileAt.get(start), at - start, random.nextInt(8), clean);
        }
    }

    private MemoryStorage image(boolean clean) {
        MemoryStorage storage = new MemoryStorage();
        CommitLog log = CommitLog.open(storage, CONFIG);
        for (int i = 0; i < 60; i++) {
            String value = "v" + "x".repeat(i) + i + "-";
            log.append(Batches.batch(value, RECORDS), i / 20);
            for (int record = 0; record < RECORDS; record++) {
                appended.add(value + record);
            }
            if (i % 7 == 0) {
                log.upkeep().doWork();
            }
        }
        log.deleteBefore(4);
        log.commitCursor("c", 77);
        if (clean) {
            log.close();
        }
        return storage.afterCrash(Survival.PROCESS_DEATH, 0);
    }

    private void check(MemoryStorage image, String file, long position, int bit, boolean clean) {
        String where = file + ", byte " + position + ", bit " + bit;
        MemoryStorage storage = image.afterCrash(Survival.PROCESS_DEATH, 0);
        storage.flipBit(file, position, bit);
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            int unreadable = 0;
            for (long offset = log.startOffset(); offset < appended.size(); offset++) {
                String value = value(log, offset);
                if (value == null) {
                    unreadable++;
                } else {
                    assertThat(value).as("offset %s, %s", offset, where).isEqualTo(appended.get((int) offset));
                }
            }
            boolean hit = file.endsWith(".log");
            assertThat(unreadable).as(where).isLessThanOrEqualTo(hit ? RECORDS : 0);
            assertThat(cursor(log)).as(where).isIn(77L, -1L);
        }
    }

    private static @org.jspecify.annotations.Nullable String value(CommitLog log, long offset) {
        try (LogReader reader = log.readerAt(offset)) {
            return reader.next() && reader.offset() == offset
                    ? Batches.text(reader.record().value())
                    : null;
        } catch (CorruptLogException | OffsetOutOfRangeException e) {
            return null;
        }
    }

    private static long cursor(CommitLog log) {
        try {
            return log.cursor("c");
        } catch (CorruptLogException e) {
            return -1;
        }
    }
}
