// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MemoryStorageTest extends StorageContract {

    @Override
    Storage storage() {
        return new MemoryStorage();
    }

    @Test
    void shouldKeepWhatWasForcedAndSomeOfTheRest() {
        MemoryStorage storage = new MemoryStorage();
        StorageFile file = storage.open("a");
        file.write(bytes("durable"), 0);
        file.force();
        file.write(bytes("lost"), 7);

        Set<String> found = new TreeSet<>();
        for (long seed = 0; seed < 100; seed++) {
            MemoryStorage after = storage.afterCrash(MemoryStorage.Survival.POWER_LOSS, seed);
            found.add(read(after.open("a"), 0, 20));
        }

        assertThat(found).containsExactly("durable", "durablel", "durablelo", "durablelos", "durablelost");
        MemoryStorage after = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
        assertThat(read(after.open("a"), 0, 20)).isEqualTo("durablelost");
    }

    @Test
    void shouldTearTheWriteInWhichItCrashes() {
        MemoryStorage storage = new MemoryStorage();
        StorageFile file = storage.open("a");
        storage.crashAt(storage.operations());

        assertThatExceptionOfType(StorageException.class).isThrownBy(() -> file.write(bytes("abcd"), 0));
        assertThatExceptionOfType(StorageException.class).isThrownBy(file::force);

        MemoryStorage after = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
        assertThat(read(after.open("a"), 0, 20)).isEqualTo("ab");
    }

    @Test
    void shouldFillUp() {
        MemoryStorage storage = new MemoryStorage();
        storage.capacityBytes(3);
        StorageFile file = storage.open("a");

        assertThatExceptionOfType(OutOfSpaceException.class).isThrownBy(() -> file.write(bytes("abcd"), 0));

        file.truncate(0);
        file.write(bytes("abc"), 0);
        assertThat(read(file, 0, 3)).isEqualTo("abc");
    }
}
