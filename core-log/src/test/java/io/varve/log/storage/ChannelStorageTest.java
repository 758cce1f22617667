// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChannelStorageTest extends StorageContract {

    @TempDir
    Path directory;

    @Override
    Storage storage() {
        return ChannelStorage.open(directory.resolve("deep/er"));
    }

    @Test
    void shouldNameWhatCannotBeOpened() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThatExceptionOfType(StorageException.class)
                .isThrownBy(() -> ChannelStorage.open(file))
                .withMessageContaining(file.toString());
    }

    @Test
    void shouldTellAFullDisk() {
        // A device that is always full, where the system has it.
        Path full = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isWritable(full));

        try (StorageFile file = ChannelStorage.open(Path.of("/dev")).open("full")) {
            assertThatExceptionOfType(OutOfSpaceException.class).isThrownBy(() -> file.write(bytes("x"), 0));
        }
    }

    @Test
    void shouldLoseNothingToInterrupts() throws Exception {
        try (StorageFile file = storage().open("f")) {
            Thread writer = new Thread(() -> {
                for (int i = 0; i < 2_000; i++) {
                    file.write(ByteBuffer.allocate(8).putLong(0, i), 8L * i);
                    if (i % 100 == 0) {
                        file.force();
                    }
                }
            });
            AtomicReference<Throwable> failure = new AtomicReference<>();
            writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            writer.start();
            for (int i = 0; writer.isAlive(); i++) {
                // Often enough to hit every call of the writer, seldom enough to let it get on.
                if (i % 8 == 0) {
                    writer.interrupt();
                }
                // The reader shares the channel that is closed under the writer.
                file.read(ByteBuffer.allocate(100), 0);
            }
            assertThat(failure.get()).isNull();
            ByteBuffer all = ByteBuffer.allocate(16_000);
            assertThat(file.read(all, 0)).isEqualTo(16_000);
            for (int i = 0; i < 2_000; i++) {
                assertThat(all.getLong(8 * i)).isEqualTo(i);
            }
        }
    }

    @Test
    void shouldLeaveTheThreadInterrupted() {
        Storage storage = storage();
        try (StorageFile file = storage.open("f")) {
            Thread.currentThread().interrupt();
            file.write(bytes("abc"), 0);
            storage.force();
            assertThat(file.sizeBytes()).isEqualTo(3);
            assertThat(file.channel().isOpen()).isTrue();
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void shouldRefuseUseAfterCloseWhateverInterrupts() {
        StorageFile file = storage().open("f");
        file.close();
        assertThatExceptionOfType(StorageException.class).isThrownBy(() -> file.write(bytes("x"), 0));
        assertThatExceptionOfType(StorageException.class).isThrownBy(file::force);
    }

    @Test
    void shouldSayThatADeletedFileIsGoneAfterAnInterrupt() {
        Storage storage = storage();
        try (StorageFile file = storage.open("f")) {
            file.write(bytes("abc"), 0);
            storage.delete("f");
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(StorageException.class)
                    .isThrownBy(() -> file.read(ByteBuffer.allocate(3), 0))
                    .withMessageContaining("read failed");
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
