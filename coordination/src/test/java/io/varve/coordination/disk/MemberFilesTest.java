// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.quorum.MemberId;
import io.varve.coordination.quorum.QuorumEntry;
import io.varve.coordination.quorum.StoredVote;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemberFilesTest {

    private static final UUID FIRST = new UUID(1, 2);
    private static final UUID OTHER = new UUID(8, 9);

    private final MemoryStorage storage = new MemoryStorage();
    private final MemoryStorage logStorage = new MemoryStorage();

    private MemberFiles open(MemoryStorage from, int id, UUID directory) {
        LogConfig config =
                LogConfig.builder().segmentBytes(2000).reserveBytes(0).build();
        MemberFiles.Settings settings = new MemberFiles.Settings(from, logStorage, config, 500, 3);
        return MemberFiles.open(settings, id, InstantSource.system(), () -> directory);
    }

    private static QuorumEntry entry(int epoch, int value) {
        return new QuorumEntry(
                epoch, QuorumEntry.Kind.DATA, ByteBuffer.allocate(4).putInt(0, value));
    }

    @Test
    void shouldRememberWhoItIsAndForWhomItVoted() {
        StoredVote vote = new StoredVote(7, new MemberId(2, OTHER));
        try (MemberFiles files = open(storage, 1, FIRST)) {
            assertThat(files.vote()).isEqualTo(StoredVote.NONE);
            files.store(vote);
        }

        try (MemberFiles files = open(storage, 1, OTHER)) {
            assertThat(files.member()).isEqualTo(new MemberId(1, FIRST));
            assertThat(files.vote()).isEqualTo(vote);
        }
    }

    @Test
    void shouldRefuseTheDirectoryOfAnother() {
        open(storage, 1, FIRST).close();

        assertThatThrownBy(() -> open(storage, 2, OTHER))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("directory's=1, configured=2");
    }

    @Test
    void shouldNotStartWithoutItsVotes() {
        open(storage, 1, FIRST).close();
        storage.delete("quorum-state");

        assertThatThrownBy(() -> open(storage, 1, OTHER))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("missing=quorum-state");
    }

    @Test
    void shouldNotStartEmptyWithALog() {
        open(storage, 1, FIRST).close();
        storage.delete("meta");

        assertThatThrownBy(() -> open(storage, 1, OTHER))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("missing=meta");
    }

    @Test
    void shouldNoticeADamagedVote() {
        open(storage, 1, FIRST).close();
        storage.flipBit("quorum-state", 16, 1);

        assertThatThrownBy(() -> open(storage, 1, FIRST))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining("quorum-state");
    }

    /** After a crash at any operation there is the old vote or the new one, and none but the old one before it is stored. */
    @Test
    void shouldStoreAVoteAtOnceOrNotAtAll() {
        StoredVote old = new StoredVote(1, null);
        StoredVote vote = new StoredVote(2, new MemberId(2, OTHER));
        try (MemberFiles files = open(storage, 1, FIRST)) {
            files.store(old);
        }
        for (int operation = 0; ; operation++) {
            MemoryStorage crashing = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
            boolean crashed = false;
            try (MemberFiles files = open(crashing, 1, FIRST)) {
                crashing.crashAt(crashing.operations() + operation);
                files.store(vote);
            } catch (StorageException e) {
                crashed = true;
            }
            MemoryStorage found = crashing.afterCrash(MemoryStorage.Survival.POWER_LOSS, operation);
            try (MemberFiles files = open(found, 1, FIRST)) {
                assertThat(files.vote()).isIn(old, vote);
                if (!crashed) {
                    assertThat(files.vote()).isEqualTo(vote);
                    assertThat(operation).isGreaterThan(3);
                    return;
                }
            }
        }
    }

    @Test
    void shouldReadEntriesFromMemoryAndFromDisk() {
        List<QuorumEntry> appended = new ArrayList<>();
        try (MemberFiles files = open(storage, 1, FIRST)) {
            for (int i = 0; i < 100; i++) {
                QuorumEntry entry = entry(1 + i / 30, i);
                appended.add(entry);
                files.log().append(List.of(entry));
            }
            assertThat(files.log().flushedOffset()).isLessThan(100);
            assertThat(files.log().force()).isEqualTo(100);
            assertThat(readAll(files.log())).isEqualTo(appended);
            assertThat(files.log().read(99, 1)).containsExactly(appended.get(99));
            assertThat(files.log().read(5, 8)).isEqualTo(appended.subList(5, 7));
        }

        try (MemberFiles files = open(storage, 1, FIRST)) {
            assertThat(readAll(files.log())).isEqualTo(appended);
        }
    }

    @Test
    void shouldCutTheLogBeforeAnyEntry() {
        try (MemberFiles files = open(storage, 1, FIRST)) {
            List<QuorumEntry> together = List.of(entry(1, 0), entry(1, 1), entry(1, 2), entry(1, 3));
            files.log().append(together);
            files.log().force();
            files.log().truncateTo(3);

            assertThat(files.log().endOffset()).isEqualTo(3);
            assertThat(readAll(files.log())).isEqualTo(together.subList(0, 3));

            files.log().append(List.of(entry(2, 9)));

            assertThat(files.log().flushedOffset()).isEqualTo(3);
            assertThat(files.log().read(3, 100)).containsExactly(entry(2, 9));
        }
    }

    @Test
    void shouldBeginAnewAtAnOffset() {
        try (MemberFiles files = open(storage, 1, FIRST)) {
            files.log().append(List.of(entry(1, 0), entry(1, 1)));
            files.log().resetTo(500);
            files.log().append(List.of(entry(3, 7)));

            assertThat(files.log().startOffset()).isEqualTo(500);
            assertThat(files.log().read(500, 100)).containsExactly(entry(3, 7));
        }
    }

    private static List<QuorumEntry> readAll(QuorumLogOnDisk log) {
        List<QuorumEntry> all = new ArrayList<>();
        while (log.startOffset() + all.size() < log.endOffset()) {
            List<QuorumEntry> read = log.read(log.startOffset() + all.size(), 50);
            assertThat(read).isNotEmpty();
            all.addAll(read);
        }
        return all;
    }
}
