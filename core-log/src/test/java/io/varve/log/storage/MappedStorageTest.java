// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedStorageTest extends StorageContract {

    private static final int PREPARED_BYTES = 1 << 20;

    @TempDir
    Path directory;

    @Override
    Storage storage() {
        return MappedStorage.open(directory);
    }

    @Test
    void shouldWriteOutWhatItPrepares() {
        Storage storage = storage();
        storage.prepare("a", PREPARED_BYTES + 1);
        try (StorageFile file = storage.open("a")) {
            assertThat(file).isInstanceOf(MappedFile.class);
            assertThat(file.sizeBytes()).isEqualTo(PREPARED_BYTES + 1);
        }
        try (StorageFile file = storage.open("b")) {
            assertThat(file).isInstanceOf(ChannelFile.class);
        }
    }

    @Test
    void shouldTellAFullDiskWhenItPrepares() {
        Storage storage = storage();
        assertThatExceptionOfType(OutOfSpaceException.class).isThrownBy(() -> storage.prepare("a", Long.MAX_VALUE));
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void shouldRefuseUseAfterClose() {
        Storage storage = storage();
        storage.prepare("a", PREPARED_BYTES);
        StorageFile file = storage.open("a");
        file.write(bytes("hello"), 0);
        file.close();
        file.close();

        assertThatExceptionOfType(StorageException.class).isThrownBy(() -> file.write(bytes("x"), 0));
        assertThatExceptionOfType(StorageException.class).isThrownBy(() -> file.read(ByteBuffer.allocate(1), 0));
        assertThatExceptionOfType(StorageException.class).isThrownBy(file::force);
        file.prepare(0, PREPARED_BYTES);
    }

    /** A process that touched memory that is gone would die, and this test with it. */
    @Test
    void shouldGiveTheWriterAnExceptionWhenSomebodyElseCloses() throws InterruptedException {
        Storage storage = storage();
        for (int round = 0; round < 30; round++) {
            String name = "f" + round;
            storage.prepare(name, PREPARED_BYTES);
            StorageFile file = storage.open(name);
            CountDownLatch writing = new CountDownLatch(1);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread writer = new Thread(() -> {
                ByteBuffer source = ByteBuffer.allocate(8192);
                for (int i = 0; ; i++) {
                    file.write(source.clear(), 8192L * (i % 120));
                    writing.countDown();
                }
            });
            writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            Thread toucher = new Thread(() -> {
                while (writer.isAlive()) {
                    file.prepare(0, PREPARED_BYTES);
                }
            });
            writer.start();
            toucher.start();
            writing.await();
            file.close();
            writer.join();
            toucher.join();
            assertThat(failure.get()).isInstanceOf(StorageException.class);
            storage.delete(name);
        }
    }

    @Test
    void shouldChangeNothingByTouchingWhatIsBeingWritten() throws InterruptedException {
        Storage storage = storage();
        storage.prepare("a", PREPARED_BYTES);
        try (StorageFile file = storage.open("a")) {
            Thread toucher = new Thread(() -> {
                for (int i = 0; i < 3_000; i++) {
                    file.prepare(0, PREPARED_BYTES);
                }
            });
            toucher.start();
            int longs = 0;
            while (toucher.isAlive()) {
                // Where pages begin, which is where they are touched.
                file.write(ByteBuffer.allocate(8).putLong(0, longs), 4096L * (longs % 256));
                longs++;
            }
            toucher.join();
            ByteBuffer all = ByteBuffer.allocate(PREPARED_BYTES);
            assertThat(file.read(all, 0)).isEqualTo(PREPARED_BYTES);
            for (int i = Math.max(0, longs - 256); i < longs; i++) {
                assertThat(all.getLong(4096 * (i % 256))).isEqualTo(i);
            }
        }
    }

    @Test
    void shouldPrepareThroughInterrupts() {
        Storage storage = storage();
        Thread.currentThread().interrupt();
        storage.prepare("a", PREPARED_BYTES);
        try (StorageFile file = storage.open("a")) {
            assertThat(file).isInstanceOf(MappedFile.class);
            file.write(bytes("hello"), 0);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(read(file, 0, 5)).isEqualTo("hello");
        }
    }
}
