// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve topic ...}: creates, lists, describes, alters and deletes topics.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "topic",
        description = "Create, list, describe, alter and delete topics.",
        synopsisSubcommandLabel = "COMMAND")
final class TopicCommand {

    private final Streams streams;

    TopicCommand(Streams streams) {
        this.streams = streams;
    }

    @Command(name = "create", description = "Create a topic.")
    int create(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "TOPIC") String topic,
            @Option(
                            names = {"-p", "--partitions"},
                            paramLabel = "N",
                            description = "Default: num.partitions of the broker.")
                    @Nullable
                    Integer partitions,
            @Option(
                            names = "--replication-factor",
                            paramLabel = "N",
                            description = "Default: default.replication.factor of the broker.")
                    @Nullable
                    Short replicationFactor,
            @Option(names = "--config", paramLabel = "KEY=VALUE", description = "A topic key; may be repeated.")
                    @Nullable
                    Map<String, String> configs,
            @Option(names = "--if-not-exists", description = "Succeed when the topic is already there.")
                    boolean ifNotExists)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final NewTopic wanted =
                    new NewTopic(topic, Optional.ofNullable(partitions), Optional.ofNullable(replicationFactor));
            wanted.configs(configs == null ? Map.of() : configs);
            final var result = admin.createTopics(List.of(wanted));
            try {
                result.all().get();
            } catch (ExecutionException e) {
                if (!(ifNotExists && e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
                report(options, topic + " was already there", object("topic", topic, "created", false));
                return 0;
            }
            final int partitionCount = result.numPartitions(topic).get();
            final int replicas = result.replicationFactor(topic).get();
            report(
                    options,
                    "created " + topic + ", partitions=" + partitionCount + ", replication-factor=" + replicas,
                    object(
                            "topic", topic,
                            "created", true,
                            "id", result.topicId(topic).get().toString(),
                            "partitions", partitionCount,
                            "replicationFactor", replicas));
            return 0;
        }
    }

    @Command(name = "list", description = "List the names of the topics.")
    int list(
            @Mixin ClientOptions options,
            @Option(names = "--internal", description = "Also topics that brokers keep for themselves.")
                    boolean internal)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final Collection<String> names =
                    new TreeSet<>(admin.listTopics(new ListTopicsOptions().listInternal(internal))
                            .names()
                            .get());
            report(options, String.join(System.lineSeparator(), names), object("topics", names));
            return 0;
        }
    }

    @Command(name = "describe", description = "Show the partitions of topics, with offsets, and what is configured.")
    int describe(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "TOPIC", arity = "0..*", description = "Default: all topics.") @Nullable
                    List<String> topics)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final Collection<String> names =
                    topics == null ? admin.listTopics().names().get() : topics;
            final Map<String, TopicDescription> described =
                    new TreeMap<>(admin.describeTopics(names).allTopicNames().get());
            final Map<String, Map<String, String>> configs = configs(admin, described.keySet());
            final Map<TopicPartition, Long> starts = offsets(admin, described.values(), OffsetSpec.earliest());
            final Map<TopicPartition, Long> ends = offsets(admin, described.values(), OffsetSpec.latest());
            final List<Object> values = new ArrayList<>();
            for (TopicDescription topic : described.values()) {
                final List<Map<String, Object>> partitions = new ArrayList<>();
                for (TopicPartitionInfo partition : topic.partitions()) {
                    partitions.add(partition(topic.name(), partition, starts, ends));
                }
                final Map<String, String> set = configs.getOrDefault(topic.name(), Map.of());
                values.add(object(
                        "name", topic.name(),
                        "id", topic.topicId().toString(),
                        "internal", topic.isInternal(),
                        "partitions", partitions,
                        "configs", set));
                if (!options.isJson()) {
                    printTopic(topic, set, partitions);
                }
            }
            if (options.isJson()) {
                Printer.json(streams.out(), object("topics", values));
            }
            return 0;
        }
    }

    @Command(name = "alter", description = "Change a topic's configuration or add partitions.")
    int alter(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "TOPIC") String topic,
            @Option(
                            names = {"-p", "--partitions"},
                            paramLabel = "N",
                            description = "The new number of partitions in all.")
                    @Nullable
                    Integer partitions,
            @Option(names = "--set", paramLabel = "KEY=VALUE", description = "A topic key; may be repeated.") @Nullable
                    Map<String, String> set,
            @Option(names = "--unset", paramLabel = "KEY", description = "Back to the default; may be repeated.")
                    @Nullable
                    List<String> unset)
            throws InterruptedException, ExecutionException {
        final List<AlterConfigOp> operations = new ArrayList<>();
        if (set != null) {
            set.forEach((key, value) ->
                    operations.add(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET)));
        }
        if (unset != null) {
            unset.forEach(
                    key -> operations.add(new AlterConfigOp(new ConfigEntry(key, ""), AlterConfigOp.OpType.DELETE)));
        }
        if (partitions == null && operations.isEmpty()) {
            throw new CommandFailure(
                    CommandFailure.USAGE, "nothing to change, give --partitions N, --set KEY=VALUE or --unset KEY");
        }
        try (Admin admin = options.admin()) {
            if (partitions != null) {
                admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions)))
                        .all()
                        .get();
            }
            if (!operations.isEmpty()) {
                admin.incrementalAlterConfigs(Map.of(resource(topic), operations))
                        .all()
                        .get();
            }
            report(options, "altered " + topic, object("topic", topic, "altered", true));
            return 0;
        }
    }

    @Command(name = "delete", description = "Delete topics with all their records.")
    int delete(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "TOPIC", arity = "1..*") List<String> topics,
            @Option(names = "--if-exists", description = "Succeed when a topic is not there.") boolean ifExists)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final List<String> deleted = new ArrayList<>();
            for (var entry : new LinkedHashMap<>(admin.deleteTopics(topics).topicNameValues()).entrySet()) {
                try {
                    entry.getValue().get();
                    deleted.add(entry.getKey());
                } catch (ExecutionException e) {
                    if (!(ifExists && e.getCause() instanceof UnknownTopicOrPartitionException)) {
                        throw new CommandFailure(
                                CommandFailure.of(e).code(),
                                entry.getKey() + ": " + CommandFailure.of(e).getMessage(),
                                e);
                    }
                }
            }
            report(
                    options,
                    deleted.isEmpty() ? "nothing to delete" : "deleted " + String.join(", ", deleted),
                    object("deleted", deleted));
            return 0;
        }
    }

    private void report(ClientOptions options, String text, Object json) {
        if (options.isJson()) {
            Printer.json(streams.out(), json);
        } else if (!text.isEmpty()) {
            streams.out().println(text);
        }
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static Map<String, Map<String, String>> configs(Admin admin, Collection<String> topics)
            throws InterruptedException, ExecutionException {
        final Map<String, Map<String, String>> configs = new TreeMap<>();
        final Map<ConfigResource, Config> described = admin.describeConfigs(
                        topics.stream().map(TopicCommand::resource).toList())
                .all()
                .get();
        described.forEach((resource, config) -> {
            final Map<String, String> own = new TreeMap<>();
            for (ConfigEntry entry : config.entries()) {
                if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG) {
                    own.put(entry.name(), entry.value());
                }
            }
            configs.put(resource.name(), own);
        });
        return configs;
    }

    private static Map<TopicPartition, Long> offsets(Admin admin, Collection<TopicDescription> topics, OffsetSpec which)
            throws InterruptedException, ExecutionException {
        final Map<TopicPartition, OffsetSpec> wanted = new LinkedHashMap<>();
        for (TopicDescription topic : topics) {
            for (TopicPartitionInfo partition : topic.partitions()) {
                if (partition.leader() != null) {
                    wanted.put(new TopicPartition(topic.name(), partition.partition()), which);
                }
            }
        }
        final Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
        admin.listOffsets(wanted).all().get().forEach((partition, info) -> offsets.put(partition, info.offset()));
        return offsets;
    }

    private static Map<String, Object> partition(
            String topic,
            TopicPartitionInfo partition,
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends) {
        final TopicPartition key = new TopicPartition(topic, partition.partition());
        return object(
                "partition", partition.partition(),
                "leader", partition.leader() == null ? null : partition.leader().id(),
                "replicas", partition.replicas().stream().map(Node::id).toList(),
                "isr", partition.isr().stream().map(Node::id).toList(),
                "startOffset", starts.get(key),
                "endOffset", ends.get(key));
    }

    private void printTopic(TopicDescription topic, Map<String, String> configs, List<Map<String, Object>> partitions) {
        streams.out().println(topic.name() + ", id=" + topic.topicId() + ", partitions=" + partitions.size());
        configs.forEach((key, value) -> streams.out().println("  " + key + "=" + value));
        final List<List<String>> rows = new ArrayList<>();
        for (Map<String, Object> partition : partitions) {
            rows.add(partition.values().stream()
                    .map(value -> value == null ? "none" : value.toString().replaceAll("[\\[\\] ]", ""))
                    .toList());
        }
        Printer.table(streams.out(), List.of("  partition", "leader", "replicas", "isr", "start", "end"), rows);
    }
}
