// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import io.varve.broker.config.ConfigException;
import io.varve.kafka.UuidText;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.replication.partition.LastEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directories of a broker: whose they are, and which partition lies in which.
 *
 * <p>A directory that is empty is taken over once the broker knows its cluster; one that belongs to another broker or cluster, or holds
 * files and does not say whose they are, is refused. A lock keeps a second process out.
 *
 * <p>Threading: safe.
 */
public final class LogDirectories implements AutoCloseable {

    /** The directory in the first log directory that holds the files of the broker's own member of a quorum. */
    public static final String QUORUM = "quorum";

    private static final Logger LOG = LoggerFactory.getLogger(LogDirectories.class);
    private static final String PARTITION_METADATA = "partition.metadata";
    private static final String DELETED = "-delete";

    /** Of a copy that is to take a partition's place (Kafka's word). */
    private static final String FUTURE = "-future";

    /** Of what nobody knows to need (Kafka's word); it is left alone. */
    private static final String STRAY = "-stray";

    /** What a directory may hold before it belongs to a broker. */
    private static final Set<String> NOT_YET_ANYBODYS = Set.of(DirectoryLock.FILE, "lost+found", QUORUM);

    private final List<Path> directories;
    private final int nodeId;
    private final List<DirectoryLock> locks = new ArrayList<>();
    private final Map<String, Path> partitions = new ConcurrentHashMap<>();

    /** Where partitions are to go that are not here yet, by their names. */
    private final Map<String, Path> preferred = new ConcurrentHashMap<>();

    /** Those that were saved last, by the names of the partitions. */
    private final Map<String, Long> highWatermarks = new ConcurrentHashMap<>();

    private final List<Path> unformatted = new ArrayList<>();
    private final String bootId = ProcessEnd.bootId();
    private LastEnd lastEnd = LastEnd.CLEAN;
    private @Nullable String clusterId;
    private volatile boolean isInUse;
    private volatile boolean isSpoilt;

    private LogDirectories(List<Path> directories, int nodeId) {
        this.directories = directories;
        this.nodeId = nodeId;
        try {
            directories.forEach(this::lock);
            directories.forEach(this::identify);
        } catch (ConfigException e) {
            close();
            throw e;
        }
        directories.forEach(this::scan);
    }

    /**
     * Opens the directories, creating those that do not exist. {@link #join} must follow before anything is put into them.
     *
     * @throws ConfigException when one is not ours or in use
     */
    public static LogDirectories open(List<String> names, int nodeId) {
        return new LogDirectories(
                names.stream()
                        .map(name -> Path.of(name).toAbsolutePath().normalize())
                        .distinct()
                        .toList(),
                nodeId);
    }

    private void lock(Path directory) {
        try {
            Files.createDirectories(directory);
            locks.add(DirectoryLock.take(directory));
        } catch (DirectoryInUseException e) {
            throw wrong(directory + " is in use by another process; stop it or choose another directory");
        } catch (IOException | StorageException e) {
            throw wrong(directory + " cannot be used: " + e);
        }
    }

    private static ConfigException wrong(String problem) {
        return ConfigException.conflict(null, "log.dirs", problem);
    }

    private void identify(Path directory) {
        Optional<DirectoryMetadata> metadata = DirectoryMetadata.read(directory);
        if (metadata.isEmpty()) {
            if (!isEmpty(directory)) {
                throw wrong(directory
                        + " is not empty and has no meta.properties; choose an empty directory or one of this broker");
            }
            unformatted.add(directory);
            lastEnd = LastEnd.NONE;
            return;
        }
        lastEnd = lastEnd.worse(ProcessEnd.read(directory, bootId));
        DirectoryMetadata known = metadata.get();
        String expected = clusterId == null ? known.clusterId() : clusterId;
        if (known.nodeId() != nodeId || !known.clusterId().equals(expected)) {
            throw wrong(directory + " belongs to another broker: node.id=" + known.nodeId() + ", cluster.id="
                    + known.clusterId() + "; this broker has node.id=" + nodeId + ", cluster.id=" + expected);
        }
        clusterId = expected;
    }

    /** How the last process has ended that used the directories: of several the one of which the worst must be said. */
    public LastEnd lastEnd() {
        return lastEnd;
    }

    /**
     * Says on disk that this process uses the directories. What follows from {@link #lastEnd} must be known to the cluster by then: the next
     * process does not find it any more.
     */
    public void begin() {
        isInUse = true;
        directories.forEach(directory -> ProcessEnd.writeRunning(directory, bootId));
    }

    /** Something in the directories could not be forced or closed, which the next process must find. From any thread. */
    public void spoil() {
        isSpoilt = true;
    }

    /** The cluster that the directories belong to; empty when all are new. */
    public Optional<String> clusterId() {
        return Optional.ofNullable(clusterId);
    }

    /**
     * Makes the directories those of a cluster.
     *
     * @throws ConfigException when they are another's
     */
    public void join(String joined) {
        if (clusterId != null && !clusterId.equals(joined)) {
            throw wrong(directories.get(0) + " belongs to another cluster: cluster.id=" + clusterId
                    + "; the cluster that this broker is to join has cluster.id=" + joined
                    + "; choose an empty directory, or name the place where the state of its own cluster is");
        }
        clusterId = joined;
        for (Path directory : unformatted) {
            DirectoryMetadata.write(directory, new DirectoryMetadata(nodeId, joined));
            LOG.info("Directory formatted: directory={}, nodeId={}, clusterId={}", directory, nodeId, joined);
        }
        unformatted.clear();
    }

    private static boolean isEmpty(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).allMatch(NOT_YET_ANYBODYS::contains);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void scan(Path directory) {
        highWatermarks.putAll(OffsetCheckpoint.read(directory));
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(Files::isDirectory).toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(DELETED) || name.endsWith(FUTURE)) {
                    remove(file);
                } else if (!name.endsWith(STRAY) && Files.exists(file.resolve(PARTITION_METADATA))) {
                    add(name, file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy that had all and was about to take the other's place may be here twice. */
    private void add(String name, Path directory) throws IOException {
        Path first = partitions.putIfAbsent(name, directory);
        if (first != null) {
            Path aside = named(directory, STRAY);
            LOG.warn("A partition is in two directories, the second is put aside: used={}, aside={}", first, aside);
            Files.move(directory, aside, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static Path named(Path directory, String suffix) {
        return directory.resolveSibling(directory.getFileName() + "." + UuidText.of(UUID.randomUUID()) + suffix);
    }

    /** The directory in which the broker keeps what is not a partition's. */
    public Path first() {
        return directories.get(0);
    }

    /** All directories, as absolute paths. */
    public List<Path> all() {
        return directories;
    }

    /** The one of them in which a partition lies, null when the broker has nothing of it. */
    public @Nullable Path find(String topic, int index) {
        Path directory = partitions.get(topic + "-" + index);
        return directory == null ? null : directory.getParent();
    }

    /**
     * The volume of a directory.
     *
     * @param totalBytes its size, -1 when it does not say
     * @param usableBytes what is free of it for this broker, -1 when it does not say
     */
    public record Space(long totalBytes, long usableBytes) {}

    /** Asks the volume on which a directory lies. */
    public Space space(Path directory) {
        try {
            FileStore volume = Files.getFileStore(directory);
            return new Space(volume.getTotalSpace(), volume.getUsableSpace());
        } catch (IOException e) {
            LOG.warn("The volume does not say how large it is: directory={}", directory, e);
            return new Space(-1, -1);
        }
    }

    /** Names of the partitions whose directories exist. */
    public List<String> partitionNames() {
        return List.copyOf(partitions.keySet());
    }

    /** The storage of a partition's log; a new one goes to the directory with the fewest partitions. */
    public Storage open(String topic, int index, UUID topicId) {
        String name = topic + "-" + index;
        Path known = partitions.get(name);
        if (known != null && !topicId(known).equals(Optional.of(topicId))) {
            LOG.warn("The directory is of a topic that was deleted: directory={}, topicId={}", known, topicId);
            delete(topic, index);
            known = null;
        }
        Path directory = known == null ? create(name, topicId) : known;
        return ChannelStorage.open(directory);
    }

    private synchronized Path create(String name, UUID topicId) {
        Path wanted = preferred.remove(name);
        Path parent = wanted != null
                ? wanted
                : directories.stream()
                        .min(Comparator.comparingLong(candidate -> partitions.values().stream()
                                .filter(partition -> partition.startsWith(candidate))
                                .count()))
                        .orElseThrow();
        Path directory = create(parent.resolve(name), topicId);
        partitions.put(name, directory);
        return directory;
    }

    private static Path create(Path directory, UUID topicId) {
        try {
            Files.createDirectories(directory);
            Files.writeString(
                    directory.resolve(PARTITION_METADATA), "version: 0\ntopic_id: " + UuidText.of(topicId) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create the directory of a partition: directory=" + directory, e);
        }
        return directory;
    }

    /** Lets a partition go to one of the directories when the broker gets it, until it is stopped; without effect on one that it has. */
    public void prefer(String topic, int index, Path directory) {
        preferred.put(topic + "-" + index, directory);
    }

    /** The storage of an empty copy of a partition in another of the directories; what was left there of an earlier one is removed. */
    public Storage openCopy(String topic, int index, UUID topicId, Path directory) {
        dropCopy(topic, index, directory);
        return ChannelStorage.open(create(copy(topic, index, directory), topicId));
    }

    private static Path copy(String topic, int index, Path directory) {
        return directory.resolve(topic + "-" + index + FUTURE);
    }

    /** Removes a copy, if there is one; its storage is closed. */
    public void dropCopy(String topic, int index, Path directory) {
        Path copy = copy(topic, index, directory);
        try {
            if (Files.exists(copy)) {
                remove(copy);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete: directory=" + copy, e);
        }
    }

    /**
     * Lets a copy take the place of the partition, whose directory is deleted; the storages of both are closed. A crash leaves the one, or both
     * of them.
     */
    public synchronized void adoptCopy(String topic, int index, Path directory) {
        String name = topic + "-" + index;
        Path adopted = directory.resolve(name);
        try {
            Files.move(copy(topic, index, directory), adopted, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("a copy cannot take the place of its original: directory=" + adopted, e);
        }
        Path former = partitions.put(name, adopted);
        highWatermarks.clear(); // they are to be saved again, in the other directory
        if (former != null) {
            discard(former);
        }
    }

    private static Optional<UUID> topicId(Path directory) {
        try {
            return Files.readAllLines(directory.resolve(PARTITION_METADATA)).stream()
                    .filter(line -> line.startsWith("topic_id:"))
                    .map(line ->
                            UuidText.parse(line.substring("topic_id:".length()).strip()))
                    .findFirst();
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("Not readable: file={}", directory.resolve(PARTITION_METADATA), e);
            return Optional.empty();
        }
    }

    /** The high watermark of a partition that was saved last; 0 when none was. */
    public long highWatermark(String topic, int index) {
        return highWatermarks.getOrDefault(topic + "-" + index, 0L);
    }

    /**
     * Saves high watermarks, if any is another than before.
     *
     * @param offsets all that there are, by the names of the partitions
     */
    public synchronized void saveHighWatermarks(Map<String, Long> offsets) {
        if (offsets.equals(highWatermarks)) {
            return;
        }
        for (Path directory : directories) {
            Map<String, Long> inDirectory = new HashMap<>();
            offsets.forEach((name, offset) -> {
                Path partition = partitions.get(name);
                if (partition != null && partition.startsWith(directory)) {
                    inDirectory.put(name, offset);
                }
            });
            OffsetCheckpoint.write(directory, inDirectory);
        }
        highWatermarks.clear();
        highWatermarks.putAll(offsets);
    }

    /** Deletes the directory of a partition: takes its name away first, so that a crash cannot leave half a log. */
    public void delete(String topic, int index) {
        highWatermarks.remove(topic + "-" + index);
        Path directory = partitions.remove(topic + "-" + index);
        if (directory == null) {
            return;
        }
        discard(directory);
    }

    private static void discard(Path directory) {
        Path doomed = named(directory, DELETED);
        try {
            Files.move(directory, doomed, StandardCopyOption.ATOMIC_MOVE);
            remove(doomed);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete: directory=" + directory, e);
        }
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /**
     * Lets other processes use the directories. If this one did {@link #begin}, and nobody did {@link #spoil}, says on disk that
     * everything in them is forced and closed: so it must be.
     */
    @Override
    public void close() {
        if (isInUse && !isSpoilt) {
            isInUse = false;
            directories.forEach(directory -> ProcessEnd.writeClosed(directory, bootId));
        }
        for (DirectoryLock lock : locks) {
            try {
                lock.close();
            } catch (StorageException e) {
                LOG.warn("A lock could not be released", e);
            }
        }
    }
}
