// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Appends what another log has, as it has it; {@link CommitLogModelTest} has the sound cases. */
class CommitLogFollowerTest {

    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(400).indexIntervalBytes(100).build();

    private final MemoryStorage storage = new MemoryStorage();

    private static ByteBuffer batch(String prefix, int records, long baseOffset, int epoch) {
        ByteBuffer batch = Batches.batch(prefix, records);
        BatchDescriptor.patch(batch, batch.position(), baseOffset, epoch);
        return batch;
    }

    private static ByteBuffer both(ByteBuffer one, ByteBuffer other) {
        return ByteBuffer.allocate(one.remaining() + other.remaining())
                .put(one)
                .put(other)
                .flip();
    }

    private long sizeBytes(String name) {
        try (StorageFile file = storage.open(name)) {
            return file.sizeBytes();
        }
    }

    @Test
    void shouldHaveTheBytesOfItsLeader() {
        try (CommitLog leader = CommitLog.open(new MemoryStorage(), CONFIG);
                CommitLog follower = CommitLog.open(storage, CONFIG)) {
            for (int i = 0; i < 40; i++) {
                leader.append(Batches.batch("v" + i + "-", 1 + i % 3), i / 7);
            }
            while (follower.endOffset() < leader.endOffset()) {
                try (LogSlice slice = leader.slice(follower.endOffset(), leader.endOffset(), 1000)) {
                    follower.appendAsFollower(slice.read());
                }
            }

            assertThat(Batches.read(follower, 0)).isEqualTo(Batches.read(leader, 0));
            for (int epoch = 0; epoch <= leader.epoch(); epoch++) {
                assertThat(follower.endOffsetOf(epoch)).isEqualTo(leader.endOffsetOf(epoch));
            }
            try (LogSlice mine = follower.slice(10, 20, 1000);
                    LogSlice theirs = leader.slice(10, 20, 1000)) {
                assertThat(mine.read()).isEqualTo(theirs.read());
            }
        }
    }

    @Test
    void shouldRefuseWhatDoesNotGoOn() {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            log.appendAsFollower(batch("a", 3, 5, 2));

            assertThatExceptionOfType(InvalidBatchException.class)
                    .isThrownBy(() -> log.appendAsFollower(batch("b", 3, 7, 2)))
                    .withMessageContaining("baseOffset=7, expected=8");
            assertThatExceptionOfType(InvalidBatchException.class)
                    .isThrownBy(() -> log.appendAsFollower(both(batch("b", 3, 8, 2), batch("c", 1, 10, 2))))
                    .withMessageContaining("baseOffset=10, expected=11");
            assertThatExceptionOfType(FencedEpochException.class)
                    .isThrownBy(() -> log.appendAsFollower(batch("b", 3, 8, 1)));
            ByteBuffer damaged = batch("b", 3, 8, 2);
            damaged.put(damaged.limit() - 1, (byte) ~damaged.get(damaged.limit() - 1));
            assertThatExceptionOfType(InvalidBatchException.class).isThrownBy(() -> log.appendAsFollower(damaged));

            assertThat(log.endOffset()).isEqualTo(8);
            assertThat(Batches.read(log, 0)).containsExactly("5:a0", "6:a1", "7:a2");
        }
    }

    @Test
    void shouldForgetTheEpochsOfWhatTheDiskHadNoRoomFor() {
        CommitLog log = CommitLog.open(storage, CONFIG);
        log.appendAsFollower(batch("a", 3, 0, 1));
        // The epochs still fit, what is appended does not.
        long held = storage.names().stream().mapToLong(this::sizeBytes).sum();
        storage.capacityBytes(held + 300);

        assertThatExceptionOfType(OutOfSpaceException.class)
                .isThrownBy(() -> log.appendAsFollower(both(batch("b", 1, 3, 4), batch("c".repeat(900), 1, 4, 5))));

        assertThat(log.epoch()).isEqualTo(1);
        storage.capacityBytes(1_000_000);
        log.appendAsFollower(batch("d", 1, 3, 3));
        log.close();
        try (CommitLog again = CommitLog.open(storage, CONFIG)) {
            assertThat(again.epoch()).isEqualTo(3);
            assertThat(again.endOffsetOf(1).offset()).isEqualTo(3);
            assertThat(again.endOffset()).isEqualTo(4);
        }
    }

    @Test
    void shouldComeBackFromALossOfPowerWithOffsetsMissing() {
        CommitLog log = CommitLog.open(storage, CONFIG);
        log.appendAsFollower(both(batch("a", 3, 2, 0), batch("b", 1, 9, 0)));
        log.appendAsFollower(batch("c", 1, 20, 1));
        log.flush();
        log.appendAsFollower(batch("d", 1, 30, 1));

        for (int seed = 0; seed < 20; seed++) {
            try (CommitLog again = CommitLog.open(storage.afterCrash(Survival.POWER_LOSS, seed), CONFIG)) {
                assertThat(Batches.read(again, 0)).startsWith("2:a0", "3:a1", "4:a2", "9:b0", "20:c0");
                assertThat(again.epoch()).isEqualTo(1);
            }
        }
    }
}
