// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.CommitLog.OffsetAndEpoch;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Files that are cut off, damaged or incomplete. */
class LogRecoveryTest {

    private static final String FIRST = "00000000000000000000.log";

    private final MemoryStorage storage = new MemoryStorage();

    @Test
    void shouldCutOffATornTailAtEveryByte() {
        ByteBuffer file = threeBatches();
        int batchBytes = file.remaining() / 3;
        for (int length = 0; length <= file.remaining(); length++) {
            MemoryStorage torn = storageWith(file.slice(0, length));
            try (CommitLog log = CommitLog.open(torn, LogConfig.defaults())) {
                int whole = length / batchBytes;
                assertThat(log.endOffset()).as("length=%d", length).isEqualTo(2L * whole);
                int tailBytes = length - whole * batchBytes;
                boolean zeros = tailBytes <= Long.BYTES - 1 || (whole == 0 && tailBytes <= Long.BYTES + 3);
                assertThat(log.recoveryReport().truncatedBytes()).isEqualTo(zeros ? 0 : tailBytes);
                assertThat(Batches.read(log, 0)).hasSize(2 * whole);
                assertThat(log.append(Batches.batch("next", 1), 1)).isEqualTo(2L * whole);
            }
        }
    }

    @Test
    void shouldCutOffATailOfZerosOrGarbage() {
        for (byte filler : new byte[] {0, 2, -1}) {
            ByteBuffer file = threeBatches();
            ByteBuffer longer = ByteBuffer.allocate(file.remaining() + 500);
            longer.put(file.duplicate());
            while (longer.hasRemaining()) {
                longer.put(filler);
            }
            try (CommitLog log = CommitLog.open(storageWith(longer.flip()), LogConfig.defaults())) {
                assertThat(log.endOffset()).isEqualTo(6);
                assertThat(log.recoveryReport().truncatedBytes()).isEqualTo(filler == 0 ? 0 : 500);
            }
        }
    }

    @Test
    void shouldKeepValidBatchesBehindADamagedOneAtEveryByte() {
        ByteBuffer file = threeBatches();
        int batchBytes = file.remaining() / 3;
        for (int position = batchBytes; position < 2 * batchBytes; position++) {
            MemoryStorage damaged = storageWith(file.duplicate());
            damaged.flipBit(FIRST, position, 3);
            boolean outsideTheChecksum = position < batchBytes + 16 && position >= batchBytes + 12;
            try (CommitLog log = CommitLog.open(damaged, LogConfig.defaults())) {
                assertThat(log.endOffset()).as("position=%d", position).isEqualTo(6);
                assertThat(Batches.read(log, 4)).as("position=%d", position).containsExactly("4:c0", "5:c1");
                if (!outsideTheChecksum) {
                    assertThat(log.recoveryReport().damaged()).hasSize(1);
                    assertThatExceptionOfType(CorruptLogException.class)
                            .isThrownBy(() -> Batches.read(log, 2))
                            .withMessageContaining(FIRST);
                    assertThat(log.append(Batches.batch("d", 1), 1)).isEqualTo(6);
                    assertThat(Batches.read(log, 4)).containsExactly("4:c0", "5:c1", "6:d0");
                }
            }
        }
    }

    @Test
    void shouldMakeADamagedIndexAnew() {
        LogConfig config =
                LogConfig.builder().segmentBytes(300).indexIntervalBytes(1).build();
        List<String> written;
        try (CommitLog log = CommitLog.open(storage, config)) {
            for (int i = 0; i < 20; i++) {
                log.append(Batches.batch("v" + i, 2), 1);
            }
            written = Batches.read(log, 0);
        }
        String index = FIRST.replace(".log", ".vidx");
        for (long position = 0; position < sizeBytes(index); position++) {
            MemoryStorage damaged = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
            damaged.flipBit(index, position, 0);
            try (CommitLog log = CommitLog.open(damaged, config)) {
                // The manifest vouches for the segment; that its index is damaged is seen when it is read.
                assertThat(log.recoveryReport().rebuiltIndexes()).isZero();
                assertThat(Batches.read(log, 0)).isEqualTo(written);
            }
            try (CommitLog log = CommitLog.open(damaged, config)) {
                assertThat(Batches.read(log, 0)).isEqualTo(written);
                // What lies between header and trailer is looked at only when it is needed.
                boolean entries = position >= 24 && position < sizeBytes(index) - 48;
                assertThat(log.recoveryReport().rebuiltIndexes())
                        .as("position=%d", position)
                        .isEqualTo(entries ? 0 : 1);
            }
        }
    }

    @Test
    void shouldFindTheEpochsInTheBatches() {
        try (CommitLog log = CommitLog.open(storage, LogConfig.defaults())) {
            log.append(Batches.batch("a", 3), 2);
            log.append(Batches.batch("b", 2), 5);
            log.append(Batches.batch("c", 1), 5);
        }
        storage.delete("leader-epoch-checkpoint");
        storage.delete("clean-close");

        try (CommitLog log = CommitLog.open(storage, LogConfig.defaults())) {
            assertThat(log.epoch()).isEqualTo(5);
            assertThat(log.endOffsetOf(2)).isEqualTo(new OffsetAndEpoch(3, 2));
            assertThat(log.endOffsetOf(4)).isEqualTo(new OffsetAndEpoch(3, 2));
            assertThat(log.endOffsetOf(5)).isEqualTo(new OffsetAndEpoch(6, 5));
            assertThat(log.endOffsetOf(6)).isEqualTo(new OffsetAndEpoch(-1, -1));
        }
    }

    private ByteBuffer threeBatches() {
        MemoryStorage fresh = new MemoryStorage();
        try (CommitLog log = CommitLog.open(fresh, LogConfig.defaults())) {
            for (String prefix : List.of("a", "b", "c")) {
                log.append(Batches.batch(prefix, 2), 1);
            }
            try (LogSlice slice = log.slice(0, 6, Integer.MAX_VALUE)) {
                return slice.read();
            }
        }
    }

    private static MemoryStorage storageWith(ByteBuffer contents) {
        MemoryStorage storage = new MemoryStorage();
        try (StorageFile file = storage.open(FIRST)) {
            file.write(contents, 0);
        }
        return storage;
    }

    private long sizeBytes(String name) {
        try (StorageFile file = storage.open(name)) {
            return file.sizeBytes();
        }
    }
}
