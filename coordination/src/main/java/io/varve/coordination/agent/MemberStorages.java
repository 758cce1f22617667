// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.Storage;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The directories of a member, which are nobody else's until this is closed: two processes that wrote one vote would both be right about
 * whom they elect.
 *
 * <p>Threading: open and close on one thread.
 */
public final class MemberStorages implements AutoCloseable {

    private final Storage state;
    private final Storage log;
    private final Deque<DirectoryLock> locks = new ArrayDeque<>();

    private MemberStorages(Path state, Path log) {
        this.state = ChannelStorage.open(state);
        this.log = ChannelStorage.preallocating(log); // every entry is forced
    }

    /**
     * Takes the directories of a member; nothing in them is read.
     *
     * @param state for its identity, vote and snapshots; created when it does not exist
     * @param log for its log, another directory; created when it does not exist
     * @throws DirectoryInUseException when another process, or another member in this one, holds one of them
     * @throws io.varve.log.storage.StorageException when a directory cannot be created or written
     */
    public static MemberStorages open(Path state, Path log) {
        MemberStorages storages = new MemberStorages(state, log);
        try {
            storages.locks.push(DirectoryLock.take(state));
            storages.locks.push(DirectoryLock.take(log));
            return storages;
        } catch (RuntimeException e) {
            storages.close();
            throw e;
        }
    }

    /** Of the member's identity, vote and snapshots. */
    public Storage state() {
        return state;
    }

    /** Of its log and nothing else. */
    public Storage log() {
        return log;
    }

    /** Lets others in; the member must be closed before. Idempotent. */
    @Override
    public void close() {
        while (!locks.isEmpty()) {
            locks.pop().close();
        }
    }
}
