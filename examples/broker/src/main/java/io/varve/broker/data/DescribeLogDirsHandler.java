// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.ReplicaCopy;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.storage.LogDirectories;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeLogDirsRequest;
import io.varve.kafka.message.DescribeLogDirsResponse;
import io.varve.kafka.message.DescribeLogDirsResponse.DescribeLogDirsPartition;
import io.varve.kafka.message.DescribeLogDirsResponse.DescribeLogDirsResult;
import io.varve.kafka.message.DescribeLogDirsResponse.DescribeLogDirsTopic;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Tells how much lies in the log directories of this broker (KIP-113).
 *
 * <p>Threading: safe.
 */
public final class DescribeLogDirsHandler implements ApiHandler<DescribeLogDirsRequest, DescribeLogDirsResponse> {

    private final Partitions partitions;
    private final LogDirectories directories;

    public DescribeLogDirsHandler(Partitions partitions, LogDirectories directories) {
        this.partitions = partitions;
        this.directories = directories;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_LOG_DIRS;
    }

    @Override
    public void handle(RequestContext context, DescribeLogDirsRequest request, Reply<DescribeLogDirsResponse> reply) {
        Map<Path, Map<String, List<DescribeLogDirsPartition>>> found = new TreeMap<>();
        directories.all().forEach(directory -> found.put(directory, new TreeMap<>()));
        Predicate<TopicPartition> isWanted = wanted(request);
        for (Partition partition : partitions.all()) {
            Map<String, List<DescribeLogDirsPartition>> topics = found.get(
                    directories.find(partition.id().topic(), partition.id().index()));
            if (topics != null && isWanted.test(partition.id())) {
                topics.computeIfAbsent(partition.id().topic(), topic -> new ArrayList<>())
                        .add(describe(partition));
            }
        }
        for (ReplicaCopy copy : partitions.copies()) {
            Map<String, List<DescribeLogDirsPartition>> topics = found.get(copy.directory());
            if (topics != null && isWanted.test(copy.id())) {
                topics.computeIfAbsent(copy.id().topic(), topic -> new ArrayList<>())
                        .add(describe(copy));
            }
        }
        List<DescribeLogDirsResult> results = new ArrayList<>();
        found.forEach((directory, topics) -> results.add(result(directory, topics)));
        reply.send(new DescribeLogDirsResponse().results(results));
    }

    private static Predicate<TopicPartition> wanted(DescribeLogDirsRequest request) {
        if (request.topics() == null) {
            return id -> true;
        }
        Map<String, List<Integer>> wanted = new TreeMap<>();
        request.topics().forEach(topic -> wanted.computeIfAbsent(topic.topic(), name -> new ArrayList<>())
                .addAll(topic.partitions()));
        return id -> wanted.getOrDefault(id.topic(), List.of()).contains(id.index());
    }

    private static DescribeLogDirsPartition describe(Partition partition) {
        return new DescribeLogDirsPartition()
                .partitionIndex(partition.id().index())
                .partitionSize(partition.log().sizeBytes())
                .offsetLag(
                        Math.max(0, partition.highWatermark() - partition.log().endOffset()));
    }

    private static DescribeLogDirsPartition describe(ReplicaCopy copy) {
        return new DescribeLogDirsPartition()
                .partitionIndex(copy.id().index())
                .partitionSize(copy.sizeBytes())
                .offsetLag(copy.lag())
                .isFutureKey(true);
    }

    private DescribeLogDirsResult result(Path directory, Map<String, List<DescribeLogDirsPartition>> topics) {
        LogDirectories.Space space = directories.space(directory);
        return new DescribeLogDirsResult()
                .errorCode(ErrorCode.NONE.code())
                .logDir(directory.toString())
                .totalBytes(space.totalBytes())
                .usableBytes(space.usableBytes())
                .topics(topics.entrySet().stream()
                        .map(topic ->
                                new DescribeLogDirsTopic().name(topic.getKey()).partitions(topic.getValue()))
                        .toList());
    }
}
