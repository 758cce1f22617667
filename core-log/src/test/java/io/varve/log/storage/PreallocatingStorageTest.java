// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreallocatingStorageTest extends StorageContract {

    @TempDir
    Path directory;

    @Override
    Storage storage() {
        return ChannelStorage.preallocating(directory);
    }

    @Test
    void shouldGiveFilesTheirLengthAhead() {
        Storage storage = storage();
        storage.prepare("f", 4096);
        try (StorageFile file = storage.open("f")) {
            assertThat(file.sizeBytes()).isEqualTo(4096);

            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
        }
        storage.prepare("f", 1024);
        storage.prepare("f", 8192);

        try (StorageFile file = storage.open("f")) {
            ByteBuffer read = ByteBuffer.allocate(8192);
            assertThat(file.read(read, 0)).isEqualTo(8192);
            assertThat(read.array()).startsWith(1, 2, 3).endsWith(0);
        }
    }
}
