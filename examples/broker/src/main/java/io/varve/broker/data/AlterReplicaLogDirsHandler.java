// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.storage.LogDirectories;
import io.varve.kafka.message.AlterReplicaLogDirsRequest;
import io.varve.kafka.message.AlterReplicaLogDirsRequest.AlterReplicaLogDir;
import io.varve.kafka.message.AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic;
import io.varve.kafka.message.AlterReplicaLogDirsResponse;
import io.varve.kafka.message.AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult;
import io.varve.kafka.message.AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult;
import io.varve.kafka.message.ApiKey;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Moves replicas to other log directories of this broker (KIP-113). One that is not here is to go to the directory when it comes.
 *
 * <p>Threading: safe.
 */
public final class AlterReplicaLogDirsHandler
        implements ApiHandler<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> {

    private final Partitions partitions;
    private final LogDirectories directories;

    public AlterReplicaLogDirsHandler(Partitions partitions, LogDirectories directories) {
        this.partitions = partitions;
        this.directories = directories;
    }

    @Override
    public ApiKey api() {
        return ApiKey.ALTER_REPLICA_LOG_DIRS;
    }

    @Override
    public void handle(
            RequestContext context, AlterReplicaLogDirsRequest request, Reply<AlterReplicaLogDirsResponse> reply) {
        Map<String, List<AlterReplicaLogDirPartitionResult>> topics = new TreeMap<>();
        for (AlterReplicaLogDir asked : request.dirs()) {
            Path directory = directory(asked.path());
            for (AlterReplicaLogDirTopic topic : asked.topics()) {
                for (int index : topic.partitions()) {
                    topics.computeIfAbsent(topic.name(), name -> new ArrayList<>())
                            .add(new AlterReplicaLogDirPartitionResult()
                                    .partitionIndex(index)
                                    .errorCode(
                                            move(topic.name(), index, directory).code()));
                }
            }
        }
        List<AlterReplicaLogDirTopicResult> results = new ArrayList<>();
        topics.forEach((name, of) ->
                results.add(new AlterReplicaLogDirTopicResult().topicName(name).partitions(of)));
        reply.send(new AlterReplicaLogDirsResponse().results(results));
    }

    /** One of the broker's own directories; null when it is none. */
    private @Nullable Path directory(String path) {
        try {
            Path directory = Path.of(path).toAbsolutePath().normalize();
            return directories.all().contains(directory) ? directory : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private ErrorCode move(String topic, int index, @Nullable Path directory) {
        if (directory == null) {
            return ErrorCode.LOG_DIR_NOT_FOUND;
        }
        if (partitions.find(topic, index) == null) {
            directories.prefer(topic, index, directory);
            return ErrorCode.REPLICA_NOT_AVAILABLE;
        }
        partitions.move(new TopicPartition(topic, index), directory);
        return ErrorCode.NONE;
    }
}
