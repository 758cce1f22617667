// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What every storage does. */
abstract class StorageContract {

    abstract Storage storage();

    @Test
    void shouldReadWhatWasWritten() {
        Storage storage = storage();
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("hello"), 0);
            file.write(bytes("world"), 5);

            assertThat(file.sizeBytes()).isEqualTo(10);
            assertThat(read(file, 3, 4)).isEqualTo("lowo");
            assertThat(read(file, 8, 100)).isEqualTo("ld");
            assertThat(read(file, 10, 1)).isEmpty();
            assertThat(read(file, 1000, 1)).isEmpty();
        }
    }

    @Test
    void shouldRememberWhenAFileWasWritten() {
        Storage storage = storage();
        long writtenMs;
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("hello"), 0);
            writtenMs = file.lastModifiedMs();
        }

        try (StorageFile again = storage.open("a")) {
            assertThat(again.lastModifiedMs()).isEqualTo(writtenMs);
        }
    }

    @Test
    void shouldOverwrite() {
        try (StorageFile file = storage().open("a")) {
            file.write(bytes("hello"), 0);
            file.write(bytes("J"), 0);

            assertThat(read(file, 0, 5)).isEqualTo("Jello");
        }
    }

    @Test
    void shouldFillAGapWithZeros() {
        try (StorageFile file = storage().open("a")) {
            file.write(bytes("x"), 3);

            assertThat(read(file, 0, 4)).isEqualTo("\0\0\0x");
        }
    }

    @Test
    void shouldTruncate() {
        try (StorageFile file = storage().open("a")) {
            file.write(bytes("hello"), 0);
            file.truncate(2);
            file.truncate(4);

            assertThat(file.sizeBytes()).isEqualTo(2);
            file.write(bytes("!"), 4);
            assertThat(read(file, 0, 5)).isEqualTo("he\0\0!");
        }
    }

    @Test
    void shouldKeepFilesByName() {
        Storage storage = storage();
        storage.open("a").close();
        try (StorageFile file = storage.open("b")) {
            file.write(bytes("b"), 0);
        }

        storage.rename("b", "a");
        storage.force();

        assertThat(storage.names()).containsExactly("a");
        assertThat(storage.exists("b")).isFalse();
        try (StorageFile file = storage.open("a")) {
            assertThat(read(file, 0, 1)).isEqualTo("b");
        }
    }

    @Test
    void shouldReadADeletedFileToItsEnd() {
        Storage storage = storage();
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("kept"), 0);
            storage.delete("a");
            storage.delete("a");

            assertThat(storage.names()).isEmpty();
            assertThat(read(file, 0, 4)).isEqualTo("kept");
        }
    }

    @Test
    void shouldWriteFromBuffersOfBothKinds() {
        try (StorageFile file = storage().open("a")) {
            ByteBuffer direct = ByteBuffer.allocateDirect(8).put(bytes("12345678"));
            direct.position(2).limit(5);
            file.write(direct, 0);
            file.force();

            assertThat(direct.hasRemaining()).isFalse();
            assertThat(read(file, 0, 8)).isEqualTo("345");
        }
    }

    @Test
    void shouldReadWhatWasPreparedAsNothingOrZeros() {
        Storage storage = storage();
        storage.prepare("a", 10_000);
        try (StorageFile file = storage.open("a")) {
            assertThat(file.sizeBytes()).isBetween(0L, 10_000L);
            assertThat(read(file, 0, 20_000)).matches("\\x00*").hasSize((int) file.sizeBytes());
            file.write(bytes("hello"), 0);
            assertThat(read(file, 0, 7)).matches("hello\\x00*");
        }
        try (StorageFile file = storage.open("a")) {
            assertThat(read(file, 0, 20_000)).matches("hello\\x00*").hasSize((int) file.sizeBytes());
        }
    }

    @Test
    void shouldKeepWhatAFileHoldsThatIsPrepared() {
        Storage storage = storage();
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("hello"), 0);
        }
        storage.prepare("a", 3);
        storage.prepare("a", 6_000);
        storage.prepare("a", 9_000);
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("world"), 5);
            assertThat(read(file, 0, 10)).isEqualTo("helloworld");
        }
    }

    @Test
    void shouldWriteBeyondWhatWasPrepared() {
        Storage storage = storage();
        storage.prepare("a", 5_000);
        try (StorageFile file = storage.open("a")) {
            String expected = "";
            for (int i = 0; i < 1_500; i++) {
                file.prepare(7L * i, 5_000);
                file.write(bytes(String.format("%06d,", i)), 7L * i);
                expected += String.format("%06d,", i);
            }
            assertThat(file.sizeBytes()).isEqualTo(10_500);
            assertThat(read(file, 0, 20_000)).isEqualTo(expected);
        }
    }

    @Test
    void shouldGiveBackWhatWasPreparedAndNotUsed() {
        Storage storage = storage();
        storage.prepare("a", 100_000);
        try (StorageFile file = storage.open("a")) {
            file.write(bytes("hello"), 0);
            file.truncate(5);
            assertThat(file.sizeBytes()).isEqualTo(5);
            file.write(bytes("world"), 5);
            file.force();
        }
        try (StorageFile file = storage.open("a")) {
            assertThat(read(file, 0, 100)).isEqualTo("helloworld");
        }
    }

    @Test
    void shouldFollowThePreparedFileToItsNewName() {
        Storage storage = storage();
        storage.prepare("a", 10_000);
        storage.prepare("b", 10_000);
        storage.rename("a", "b");
        try (StorageFile file = storage.open("b")) {
            file.write(bytes("hello"), 0);
            assertThat(read(file, 0, 5)).isEqualTo("hello");
            storage.delete("b");
            assertThat(storage.names()).isEmpty();
            file.write(bytes("world"), 5);
            assertThat(read(file, 0, 10)).isEqualTo("helloworld");
        }
        storage.prepare("c", 10_000);
        storage.delete("c");
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void shouldKnowThatAPreparedFileWasWritten() {
        Storage storage = storage();
        storage.prepare("a", 10_000);
        long writtenMs;
        try (StorageFile file = storage.open("a")) {
            long preparedMs = file.lastModifiedMs();
            file.write(bytes("hello"), 0);
            writtenMs = file.lastModifiedMs();
            assertThat(writtenMs).isGreaterThanOrEqualTo(preparedMs);
            assertThat(file.lastModifiedMs()).isEqualTo(writtenMs);
        }
        try (StorageFile again = storage.open("a")) {
            assertThat(again.lastModifiedMs()).isEqualTo(writtenMs);
        }
    }

    @Test
    void shouldWriteFromBuffersOfBothKindsToAPreparedFile() {
        Storage storage = storage();
        storage.prepare("a", 10_000);
        try (StorageFile file = storage.open("a")) {
            ByteBuffer direct = ByteBuffer.allocateDirect(8).put(bytes("12345678"));
            direct.position(2).limit(5);
            file.write(direct, 0);
            ByteBuffer heap = bytes("abcdefgh").position(1).limit(3).slice().asReadOnlyBuffer();
            file.write(heap, 3);

            assertThat(direct.hasRemaining()).isFalse();
            assertThat(heap.hasRemaining()).isFalse();
            assertThat(read(file, 0, 5)).isEqualTo("345bc");
        }
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    static String read(StorageFile file, long position, int bytes) {
        ByteBuffer target = ByteBuffer.allocate(bytes);
        int read = file.read(target, position);
        assertThat(target.position()).isEqualTo(read);
        return StandardCharsets.US_ASCII.decode(target.flip()).toString();
    }
}
