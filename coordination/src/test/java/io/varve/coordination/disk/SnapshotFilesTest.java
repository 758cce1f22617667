// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.quorum.MemberId;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.coordination.quorum.QuorumSnapshots;
import io.varve.coordination.quorum.Voter;
import io.varve.log.CorruptLogException;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.replication.OffsetAndEpoch;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SnapshotFilesTest {

    private static final QuorumMembers MEMBERS =
            QuorumMembers.of(new UUID(1, 2), List.of(new Voter(new MemberId(1, new UUID(3, 4)), List.of("host:1"))));

    private final MemoryStorage storage = new MemoryStorage();

    private static QuorumSnapshot snapshot(long offset) {
        return new QuorumSnapshot(new OffsetAndEpoch(offset, 2), MEMBERS);
    }

    private static byte[] machine(long offset, int bytes) {
        byte[] machine = new byte[bytes];
        new Random(offset).nextBytes(machine);
        return machine;
    }

    private static void write(SnapshotFiles files, long offset, int bytes) {
        files.write(snapshot(offset), out -> out.write(machine(offset, bytes)));
    }

    private static byte[] read(SnapshotFiles files, long offset) throws IOException {
        try (InputStream in = files.open(snapshot(offset))) {
            return in.readAllBytes();
        }
    }

    @Test
    void shouldReadWhatWasWritten() throws IOException {
        SnapshotFiles files = new SnapshotFiles(storage, 9);
        int[] sizes = {0, 1, SnapshotDescriptor.CHUNK_BYTES, SnapshotDescriptor.CHUNK_BYTES + 1, 300_000};
        for (int i = 0; i < sizes.length; i++) {
            write(files, i + 1, sizes[i]);

            assertThat(read(files, i + 1)).isEqualTo(machine(i + 1, sizes[i]));
        }
        assertThat(new SnapshotFiles(storage, 9).latest()).isEqualTo(snapshot(sizes.length));
    }

    @Test
    void shouldKeepTheNewest() {
        SnapshotFiles files = new SnapshotFiles(storage, 2);
        for (int offset = 10; offset <= 50; offset += 10) {
            write(files, offset, 100);
        }

        assertThat(files.oldestOffset()).isEqualTo(40);
        assertThat(storage.names())
                .containsExactlyInAnyOrder("snapshot.00000000000000000040-2", "snapshot.00000000000000000050-2");
    }

    @Test
    void shouldFallBackToAnOlderOneWhicheverBitIsWrong() {
        SnapshotFiles files = new SnapshotFiles(storage, 2);
        write(files, 10, 100);
        write(files, 20, 100);
        String newest = "snapshot.00000000000000000020-2";
        long sizeBytes;
        try (StorageFile file = storage.open(newest)) {
            sizeBytes = file.sizeBytes();
        }
        for (int bit = 0; bit < 8 * sizeBytes; bit++) {
            storage.flipBit(newest, bit / 8, bit % 8);

            assertThat(new SnapshotFiles(storage, 2).latest()).as("bit %d", bit).isEqualTo(snapshot(10));

            storage.rename(newest + ".damaged", newest);
            storage.flipBit(newest, bit / 8, bit % 8);
        }
    }

    @Test
    void shouldHandOutNothingThatIsDamaged() {
        SnapshotFiles files = new SnapshotFiles(storage, 2);
        write(files, 10, 100);
        storage.flipBit("snapshot.00000000000000000010-2", 120, 3);

        assertThatThrownBy(() -> read(files, 10)).isInstanceOf(CorruptLogException.class);
    }

    @Test
    void shouldReceiveInPartsAndGoOnAfterARestart() throws IOException {
        SnapshotFiles leader = new SnapshotFiles(storage, 2);
        write(leader, 10, 200_000);
        MemoryStorage target = new MemoryStorage();
        SnapshotFiles follower = new SnapshotFiles(target, 2);
        OffsetAndEpoch end = snapshot(10).end();
        int parts = 0;
        while (true) {
            long position = follower.receivedBytes(end);
            QuorumSnapshots.Chunk chunk = leader.read(end, position, 30_000);
            assertThat(chunk).isNotNull();
            if (position == chunk.fileBytes()) {
                break;
            }
            follower.receive(end, position, chunk.bytes());
            follower = new SnapshotFiles(target, 2);
            parts++;
        }

        assertThat(parts).isEqualTo(7);
        assertThat(follower.latest()).isNull();
        assertThat(follower.install(end)).isEqualTo(snapshot(10));
        assertThat(read(follower, 10)).isEqualTo(machine(10, 200_000));
    }

    @Test
    void shouldThrowAwayWhatArrivedDamaged() {
        SnapshotFiles leader = new SnapshotFiles(storage, 2);
        write(leader, 10, 1000);
        SnapshotFiles follower = new SnapshotFiles(new MemoryStorage(), 2);
        OffsetAndEpoch end = snapshot(10).end();
        QuorumSnapshots.Chunk chunk = leader.read(end, 0, 1 << 20);
        assertThat(chunk).isNotNull();
        chunk.bytes().put(500, (byte) ~chunk.bytes().get(500));
        follower.receive(end, 0, chunk.bytes());

        assertThat(follower.install(end)).isNull();
        assertThat(follower.receivedBytes(end)).isZero();
    }

    /** After a crash at any operation there is the old snapshot or the new one, and it is sound. */
    @Test
    void shouldLeaveASoundSnapshotWhereverItCrashes() {
        SnapshotFiles files = new SnapshotFiles(storage, 1);
        write(files, 10, 100);
        MemoryStorage before = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
        for (int operation = 0; ; operation++) {
            MemoryStorage crashing = before.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
            SnapshotFiles writing = new SnapshotFiles(crashing, 1);
            crashing.crashAt(crashing.operations() + operation);
            boolean crashed = false;
            try {
                write(writing, 20, 100);
            } catch (StorageException e) {
                crashed = true;
            }
            SnapshotFiles found =
                    new SnapshotFiles(crashing.afterCrash(MemoryStorage.Survival.POWER_LOSS, operation), 1);

            assertThat(found.latest()).as("operation %d", operation).isIn(snapshot(10), snapshot(20));
            if (!crashed) {
                assertThat(operation).isGreaterThan(4);
                return;
            }
        }
    }
}
