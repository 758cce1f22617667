// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.MappedStorage;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.Storage;
import java.nio.file.Path;

/** The storages that a test of a log runs on. */
enum Disk {
    MEMORY {
        @Override
        Storage open(Path directory) {
            return new MemoryStorage();
        }

        @Override
        Storage afterProcessDeath(Storage storage, Path directory) {
            return ((MemoryStorage) storage).afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
        }
    },
    CHANNEL {
        @Override
        Storage open(Path directory) {
            return ChannelStorage.open(directory);
        }
    },
    PREALLOCATED {
        @Override
        Storage open(Path directory) {
            return ChannelStorage.preallocating(directory);
        }
    },
    MAPPED {
        @Override
        Storage open(Path directory) {
            return MappedStorage.open(directory);
        }
    };

    abstract Storage open(Path directory);

    /** What the next process finds when this one dies: what the operating system has, and no more. */
    Storage afterProcessDeath(Storage storage, Path directory) {
        return open(directory);
    }
}
