// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
