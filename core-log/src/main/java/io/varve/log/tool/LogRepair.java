// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogDirectory;
import io.varve.log.RecoveryReport;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.ReadOnlyStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Does to a log that nobody has open what opening it would do, and what opening does not do because it believes an index: indexes that
 * do not agree with their segments are made anew. What is cut off or replaced is put aside in files that end with {@code .quarantine};
 * no byte of a record is deleted. Batches that are damaged stay where they are: nobody knows what they held.
 *
 * <p>Threading: safe; the lock of the directory lets one repair at a time.
 */
public final class LogRepair {

    private static final String QUARANTINE = ".quarantine";
    private static final String COMPACTED = "compacted";
    private static final String MANIFEST = "manifest";
    private static final int COPY_BYTES = 1 << 20;

    private LogRepair() {}

    /**
     * What a repair found, did and left.
     *
     * <p>Threading: immutable.
     *
     * @param before what was wrong
     * @param putAside files that were renamed, and copies of what was cut off, by the names that they have now
     * @param recovery what opening the log found and did
     * @param after what is still wrong; damaged batches stay
     */
    public record Outcome(List<Finding> before, List<String> putAside, RecoveryReport recovery, List<Finding> after) {

        /**
         * Copies what it is given.
         *
         * @param recovery as in the record
         * @param before as in the record
         * @param putAside as in the record
         * @param after as in the record
         */
        public Outcome {
            before = List.copyOf(before);
            putAside = List.copyOf(putAside);
            after = List.copyOf(after);
        }

        /** {@return whether nothing is damaged any more} */
        public boolean isSound() {
            return after.stream().noneMatch(Finding::isDamage);
        }
    }

    /**
     * Repairs the log in a directory.
     *
     * @param directory the log's directory
     * @param options what is known about the log
     * @return what was done
     * @throws IllegalArgumentException when the directory holds no log
     * @throws DirectoryInUseException when the log, or the broker that it belongs to, is running
     * @throws StorageException when the directory cannot be read or written
     */
    public static Outcome repair(Path directory, Set<LogVerifier.Option> options) {
        ReadOnlyStorage.open(directory);
        DirectoryLock own = DirectoryLock.take(directory);
        try {
            DirectoryLock brokers = brokersLock(directory);
            try {
                return repair(ChannelStorage.open(directory), options);
            } finally {
                if (brokers != null) {
                    brokers.close();
                }
            }
        } finally {
            own.close();
        }
    }

    /**
     * Says what {@link #repair(Path, Set)} would do, and changes nothing: the repair runs above the files, in memory.
     *
     * @param directory the log's directory
     * @param options what is known about the log
     * @return what would be done
     * @throws IllegalArgumentException when the directory holds no log
     * @throws DirectoryInUseException when the log, or the broker that it belongs to, is running
     * @throws StorageException when the directory cannot be read
     */
    public static Outcome rehearse(Path directory, Set<LogVerifier.Option> options) {
        ReadOnlyStorage storage = ReadOnlyStorage.open(directory);
        if (isInUse(directory)) {
            throw new DirectoryInUseException(
                    "the directory is in use; close the log or stop the process that has it open: directory="
                            + directory,
                    new IOException("locked"));
        }
        return repair(new TrialStorage(storage), options);
    }

    /**
     * Whether the log in a directory, or the broker whose directory lies above it, is running.
     *
     * @param directory the log's directory
     * @return false when nobody holds a lock
     */
    public static boolean isInUse(Path directory) {
        Path above = directory.toAbsolutePath().normalize().getParent();
        return DirectoryLock.isHeld(directory) || (above != null && DirectoryLock.isHeld(above));
    }

    /** The lock of the broker whose directory lies above; null when there is none. */
    private static @Nullable DirectoryLock brokersLock(Path directory) {
        Path above = directory.toAbsolutePath().normalize().getParent();
        return above == null || !DirectoryLock.isKnown(above) ? null : DirectoryLock.take(above);
    }

    private static Outcome repair(Storage storage, Set<LogVerifier.Option> options) {
        if (LogDirectory.of(storage).baseOffsets().isEmpty()) {
            throw new IllegalArgumentException("no log to repair, there is no segment: directory=" + storage);
        }
        List<Finding> before = new ArrayList<>();
        LogVerifier.verify(storage, options, before::add);
        // Files have the names then by which the findings call them.
        LogDirectory.settle(storage);
        List<String> putAside = new ArrayList<>();
        putIndexesAside(storage, before, putAside);
        putSmallFilesAside(storage, before, putAside);
        for (Finding finding : before) {
            if (finding.kind() == Kind.TORN_TAIL) {
                putAside.add(copyFrom(storage, finding));
            }
        }
        // Without it opening looks at every segment.
        storage.delete(MANIFEST);
        CommitLog log = CommitLog.open(storage, LogConfig.defaults());
        log.close();
        putAside.addAll(log.recoveryReport().quarantined());
        List<Finding> after = new ArrayList<>();
        LogVerifier.verify(storage, options, after::add);
        return new Outcome(before, putAside, log.recoveryReport(), after);
    }

    /**
     * Indexes that are wrong while the offsets of their segment are right. Where an offset is wrong the index is what still finds
     * the batches behind it, and stays.
     */
    private static void putIndexesAside(Storage storage, List<Finding> findings, List<String> putAside) {
        Set<String> wrong = new TreeSet<>();
        Set<String> kept = new HashSet<>();
        for (Finding finding : findings) {
            switch (finding.kind()) {
                case INDEX, KAFKA_INDEX -> wrong.add(stem(finding.file()));
                case OFFSETS, GAP -> kept.add(stem(finding.file()));
                default -> {}
            }
        }
        wrong.removeAll(kept);
        for (String stem : wrong) {
            String name = LogDirectory.indexName(Long.parseLong(stem));
            if (storage.exists(name)) {
                storage.rename(name, name + QUARANTINE);
                putAside.add(name + QUARANTINE);
            }
        }
    }

    private static void putSmallFilesAside(Storage storage, List<Finding> findings, List<String> putAside) {
        for (Finding finding : findings) {
            String name = finding.file();
            if (finding.kind() != Kind.SMALL_FILE || !storage.exists(name)) {
                continue;
            }
            if (name.equals(COMPACTED)) {
                // Without the file every offset that is missing would be damage; opening replaces one that cannot be
                // read.
                putAside.add(copyFrom(storage, finding));
            } else {
                storage.rename(name, name + QUARANTINE);
                putAside.add(name + QUARANTINE);
            }
        }
    }

    /** Copies what a finding is about, to the end of the file. */
    private static String copyFrom(Storage storage, Finding finding) {
        String aside = finding.file() + "." + finding.position() + QUARANTINE;
        try (StorageFile from = storage.open(finding.file());
                StorageFile to = storage.open(aside)) {
            to.truncate(0);
            ByteBuffer part = ByteBuffer.allocate(COPY_BYTES);
            long position = finding.position();
            while (from.read(part.clear(), position) > 0) {
                int read = part.flip().remaining();
                to.write(part, position - finding.position());
                position += read;
            }
            to.force();
        }
        return aside;
    }

    private static String stem(String file) {
        return file.substring(0, file.indexOf('.'));
    }
}
