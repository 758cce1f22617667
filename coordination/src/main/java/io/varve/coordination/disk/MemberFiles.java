// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.quorum.MemberId;
import io.varve.coordination.quorum.StoredVote;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.LogDirectory;
import io.varve.log.storage.Storage;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * All files of one member: {@code meta}, which says whose they are, {@code quorum-state}, its vote, the snapshots and, in a storage of its
 * own, the log.
 *
 * <p>A directory is formatted when it holds none of them. One that holds some and lacks others is refused: a member that has lost its votes
 * could vote twice, and one that has lost its identity could be counted for what it does not hold. Such a directory is emptied by
 * its operator, and the member comes back as a new one.
 *
 * <p>Threading: confined to the owner's thread.
 */
public final class MemberFiles implements AutoCloseable {

    private static final String META = "meta";
    private static final String VOTE = "quorum-state";
    private static final String VERSION = "version";
    private static final String NOBODY = "nobody";

    private final Storage storage;
    private final MemberId member;
    private final SnapshotFiles snapshots;
    private final QuorumLogOnDisk log;
    private StoredVote vote;

    /**
     * Where the files are and how they are kept.
     *
     * @param storage identity, vote and snapshots
     * @param logStorage the log, and nothing else
     * @param log how the log behaves
     * @param cacheBytes about how much of the end of the log is kept in memory, bytes
     * @param retain how many snapshots are kept, at least 1
     */
    public record Settings(Storage storage, Storage logStorage, LogConfig log, long cacheBytes, int retain) {

        /** Snapshots that are kept unless configured otherwise. */
        public static final int DEFAULT_RETAIN = 2;

        /** About how much of the end of the log is kept in memory unless configured otherwise, bytes. */
        public static final long DEFAULT_CACHE_BYTES = 16L << 20;

        /**
         * Checks the number of snapshots.
         *
         * @param storage as in the record
         * @param logStorage as in the record
         * @param log as in the record
         * @param cacheBytes as in the record
         * @param retain as in the record
         * @throws IllegalArgumentException when no snapshot would be kept
         */
        public Settings {
            if (retain < 1) {
                throw new IllegalArgumentException("out of range: retain=" + retain + ", smallest=1");
            }
        }
    }

    private MemberFiles(Settings settings, int id, InstantSource clock, Supplier<UUID> newDirectory) {
        this.storage = settings.storage();
        if (isFresh(settings)) {
            write(StoredVote.NONE);
            format(new MemberId(id, newDirectory.get()));
        }
        this.member = readMember(id);
        this.vote = readVote();
        this.snapshots = new SnapshotFiles(storage, settings.retain());
        this.log = QuorumLogOnDisk.open(settings.logStorage(), settings.log(), clock, settings.cacheBytes());
    }

    /**
     * Opens the files of a member, formatting the directory when it holds none.
     *
     * @param settings where and how
     * @param id the member's number
     * @param clock tells the time that entries are marked with
     * @param newDirectory draws the name of a directory that is formatted, at random
     * @return the open files
     * @throws CoordinationException when the directory is another member's, or files are missing
     * @throws CorruptLogException when a file is damaged
     */
    public static MemberFiles open(Settings settings, int id, InstantSource clock, Supplier<UUID> newDirectory) {
        return new MemberFiles(settings, id, clock, newDirectory);
    }

    /** Formatting ends with {@code meta}; before that nothing else but a vote for nobody is written. */
    private static boolean isFresh(Settings settings) {
        Storage storage = settings.storage();
        return !storage.exists(META)
                && storage.names().stream().noneMatch(name -> name.startsWith("snapshot."))
                && LogDirectory.of(settings.logStorage()).baseOffsets().isEmpty();
    }

    private void format(MemberId formatted) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put(VERSION, "1");
        values.put("member", String.valueOf(formatted.id()));
        values.put("directory", formatted.directory().toString());
        CheckedFile.replace(storage, META, values);
    }

    private MemberId readMember(int id) {
        Map<String, String> values = CheckedFile.read(storage, META);
        if (values == null) {
            throw new CoordinationException("a quorum's log or snapshots without the identity of their member: missing="
                    + META + "; restore the file, or empty the directory and let the member join as a new one");
        }
        MemberId found = new MemberId(
                Integer.parseInt(value(values, META, "member")), UUID.fromString(value(values, META, "directory")));
        if (found.id() != id) {
            throw new CoordinationException(
                    "the directory belongs to another member: directory's=" + found.id() + ", configured=" + id);
        }
        return found;
    }

    private StoredVote readVote() {
        Map<String, String> values = CheckedFile.read(storage, VOTE);
        if (values == null) {
            throw new CoordinationException("a member without its votes: missing=" + VOTE
                    + "; restore the file, or empty the directory and let the member join as a new one");
        }
        String votedFor = value(values, VOTE, "votedFor");
        MemberId candidate = null;
        if (!votedFor.equals(NOBODY)) {
            String[] parts = votedFor.split("@", 2);
            candidate = new MemberId(Integer.parseInt(parts[0]), UUID.fromString(parts[1]));
        }
        return new StoredVote(Integer.parseInt(value(values, VOTE, "epoch")), candidate);
    }

    private static String value(Map<String, String> values, String file, String key) {
        String value = values.get(key);
        if (value == null) {
            throw new CorruptLogException(file, 0, "no value of that name: key=" + key);
        }
        return value;
    }

    private void write(StoredVote next) {
        MemberId votedFor = next.votedFor();
        Map<String, String> values = new LinkedHashMap<>();
        values.put(VERSION, "1");
        values.put("epoch", String.valueOf(next.epoch()));
        values.put("votedFor", votedFor == null ? NOBODY : votedFor.id() + "@" + votedFor.directory());
        CheckedFile.replace(storage, VOTE, values);
    }

    /** {@return who the member is} */
    public MemberId member() {
        return member;
    }

    /** {@return the vote that was stored last} */
    public StoredVote vote() {
        return vote;
    }

    /**
     * Stores a vote; durable when it returns.
     *
     * @param next the vote
     */
    public void store(StoredVote next) {
        write(next);
        vote = next;
    }

    /** {@return the snapshots} */
    public SnapshotFiles snapshots() {
        return snapshots;
    }

    /** {@return the log} */
    public QuorumLogOnDisk log() {
        return log;
    }

    @Override
    public void close() {
        log.close();
    }
}
