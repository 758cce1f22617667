// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import io.varve.coordination.tree.Node;
import io.varve.kafka.UuidText;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where in the tree a cluster's state stands, and its JSON: the layout that Kafka had on ZooKeeper, which operators and their tools
 * know.
 *
 * <pre>
 *   /cluster/id                          {"version":"1","id":"..."}
 *   /controller                          {"version":2,"brokerid":0,"timestamp":"...","kraftControllerEpoch":-1}   ephemeral
 *   /controller_epoch                    7
 *   /brokers/ids/N                       {"version":5,"endpoints":["PLAINTEXT://host:port"],...}                  ephemeral
 *   /brokers/seqid                       empty; set with every change of a node below /brokers/ids but its end
 *   /brokers/topics/T                    {"version":3,"topic_id":"...","partitions":{"0":[3,1]},
 *                                         "adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]}}
 *   /brokers/topics/T/partitions/P/state {"version":1,"leader":0,"leader_epoch":3,"isr":[0],"controller_epoch":7}
 *   /config/topics/T, /config/brokers/N  {"version":1,"config":{"key":"value"}}     N may be &lt;default&gt;
 *   /brokers/sizes/N                     {"version":1,"sizes":{"t":{"0":1048576}}}     of the partitions that N leads, bytes; ours
 *   /latest_producer_id_block            {"version":1,"broker":0,"block_start":"0","block_end":"999"}
 * </pre>
 *
 * <p>The state of a partition also has, while they are not the ordinary ones, {@code leader_recovery_state} as Kafka had it, and, which are
 * ours, {@code elr}, {@code last_known_elr} and {@code min_insync_replicas}. So has a broker {@code shutting_down}. The broker epoch and
 * the partition epoch are no fields: they are what the tree counts anyway, the transaction that created a broker's node and the version
 * of a state node.
 */
public final class TreeLayout {

    /** Stands for all brokers. */
    public static final String DEFAULT_ENTITY = "<default>";

    public static final String CLUSTER_ID = "/cluster/id";
    public static final String CONTROLLER = "/controller";
    public static final String CONTROLLER_EPOCH = "/controller_epoch";
    public static final String BROKER_IDS = "/brokers/ids";
    public static final String REGISTRATIONS = "/brokers/seqid";
    public static final String TOPICS = "/brokers/topics";

    /** What is below is not part of the image. */
    public static final String SIZES = "/brokers/sizes";

    public static final String TOPIC_CONFIGS = "/config/topics";
    public static final String BROKER_CONFIGS = "/config/brokers";
    public static final String PRODUCER_IDS = "/latest_producer_id_block";

    /** The nodes that stand in every cluster, parents first. */
    public static final List<String> PERSISTENT = List.of(
            "/cluster",
            "/brokers",
            BROKER_IDS,
            TOPICS,
            REGISTRATIONS,
            SIZES,
            "/config",
            TOPIC_CONFIGS,
            BROKER_CONFIGS,
            "/config/clients",
            "/config/users",
            "/config/changes",
            "/admin",
            "/admin/delete_topics",
            "/isr_change_notification",
            "/log_dir_event_notification",
            "/consumers");

    /** Kafka's number for a leader that may lack committed records. */
    private static final int RECOVERING = 1;

    private static final ObjectMapper JSON = JsonMapper.shared();

    private TreeLayout() {}

    public static String broker(int id) {
        return BROKER_IDS + "/" + id;
    }

    public static String topic(String name) {
        return TOPICS + "/" + name;
    }

    public static String partitionState(String topic, int index) {
        return topic(topic) + "/partitions/" + index + "/state";
    }

    public static String topicConfig(String name) {
        return TOPIC_CONFIGS + "/" + name;
    }

    public static String brokerConfig(String id) {
        return BROKER_CONFIGS + "/" + id;
    }

    public static String sizes(int brokerId) {
        return SIZES + "/" + brokerId;
    }

    public static byte[] clusterId(String id) {
        return JSON.writeValueAsBytes(ordered("version", "1", "id", id));
    }

    public static String parseClusterId(byte[] data) {
        return JSON.readTree(data).path("id").asString();
    }

    public static byte[] controller(int brokerId, long nowMs) {
        return JSON.writeValueAsBytes(ordered(
                "version", 2, "brokerid", brokerId, "timestamp", Long.toString(nowMs), "kraftControllerEpoch", -1));
    }

    public static int parseController(byte[] data) {
        return JSON.readTree(data).path("brokerid").asInt();
    }

    public static byte[] controllerEpoch(int epoch) {
        return Integer.toString(epoch).getBytes(StandardCharsets.UTF_8);
    }

    public static int parseControllerEpoch(byte[] data) {
        return Integer.parseInt(new String(data, StandardCharsets.UTF_8));
    }

    public static byte[] broker(BrokerImage broker, long nowMs) {
        Map<String, String> protocols = new LinkedHashMap<>();
        broker.endpoints().forEach(endpoint -> protocols.put(endpoint.listener(), endpoint.securityProtocol()));
        BrokerImage.Endpoint first = broker.endpoints().get(0);
        Map<String, Object> json = ordered("listener_security_protocol_map", protocols, "endpoints", texts(broker));
        if (broker.rack() != null) {
            json.put("rack", broker.rack());
        }
        json.put("jmx_port", -1);
        json.put("features", Map.of());
        json.put("host", first.host());
        json.put("timestamp", Long.toString(nowMs));
        json.put("port", first.port());
        json.put("version", 5);
        if (broker.isShuttingDown()) {
            json.put("shutting_down", true);
        }
        return JSON.writeValueAsBytes(json);
    }

    private static List<String> texts(BrokerImage broker) {
        return broker.endpoints().stream()
                .map(endpoint -> endpoint.listener() + "://" + endpoint.host() + ":" + endpoint.port())
                .toList();
    }

    static BrokerImage parseBroker(int id, Node node) {
        JsonNode json = JSON.readTree(node.data());
        List<BrokerImage.Endpoint> endpoints = json.path("endpoints")
                .valueStream()
                .map(JsonNode::asString)
                .map(text -> parseEndpoint(text, json.path("listener_security_protocol_map")))
                .toList();
        JsonNode rack = json.path("rack");
        return new BrokerImage(
                id,
                node.stat().czxid(),
                endpoints,
                rack.isString() ? rack.asString() : null,
                json.path("shutting_down").asBoolean(false));
    }

    private static BrokerImage.Endpoint parseEndpoint(String text, JsonNode protocols) {
        int name = text.indexOf("://");
        int colon = text.lastIndexOf(':');
        String listener = text.substring(0, name);
        return new BrokerImage.Endpoint(
                listener,
                protocols.path(listener).asString(listener),
                text.substring(name + 3, colon),
                Integer.parseInt(text.substring(colon + 1)));
    }

    public static byte[] topic(UUID id, List<Assignment> partitions) {
        Map<String, Object> replicas = new LinkedHashMap<>();
        Map<String, Object> adding = new LinkedHashMap<>();
        Map<String, Object> removing = new LinkedHashMap<>();
        for (int i = 0; i < partitions.size(); i++) {
            Assignment assignment = partitions.get(i);
            replicas.put(Integer.toString(i), assignment.replicas());
            if (!assignment.adding().isEmpty()) {
                adding.put(Integer.toString(i), assignment.adding());
            }
            if (!assignment.removing().isEmpty()) {
                removing.put(Integer.toString(i), assignment.removing());
            }
        }
        return JSON.writeValueAsBytes(ordered(
                "removing_replicas",
                removing,
                "partitions",
                replicas,
                "topic_id",
                UuidText.of(id),
                "adding_replicas",
                adding,
                "version",
                3));
    }

    /** What a topic's node says: its id, and the replicas of each partition by its number. */
    record TopicNode(UUID id, TreeMap<Integer, Assignment> partitions) {}

    static TopicNode parseTopic(byte[] data) {
        JsonNode json = JSON.readTree(data);
        JsonNode adding = json.path("adding_replicas");
        JsonNode removing = json.path("removing_replicas");
        TreeMap<Integer, Assignment> partitions = new TreeMap<>();
        json.path("partitions").properties().forEach(entry -> {
            String index = entry.getKey();
            partitions.put(
                    Integer.parseInt(index),
                    new Assignment(ints(entry.getValue()), ints(adding.path(index)), ints(removing.path(index))));
        });
        return new TopicNode(UuidText.parse(json.path("topic_id").asString()), partitions);
    }

    private static List<Integer> ints(JsonNode array) {
        return array.valueStream().map(JsonNode::asInt).toList();
    }

    public static byte[] partitionState(PartitionState state, int controllerEpoch) {
        List<Integer> eligible = state.successors().eligible();
        int lastKnown = state.successors().lastKnownLeader();
        return JSON.writeValueAsBytes(ordered(
                "controller_epoch",
                controllerEpoch,
                "leader",
                state.leader(),
                "version",
                1,
                "leader_epoch",
                state.leaderEpoch(),
                "isr",
                state.isr(),
                "leader_recovery_state",
                state.isRecovering() ? RECOVERING : null,
                "elr",
                eligible.isEmpty() ? null : eligible,
                "last_known_elr",
                lastKnown == ClusterImage.NOBODY ? null : List.of(lastKnown),
                "min_insync_replicas",
                state.minInSync() == 1 ? null : state.minInSync()));
    }

    static PartitionImage parsePartitionState(int index, Assignment assignment, Node node) {
        JsonNode json = JSON.readTree(node.data());
        Successors successors = new Successors(
                ints(json.path("elr")), json.path("last_known_elr").path(0).asInt(ClusterImage.NOBODY));
        PartitionState state = new PartitionState(
                json.path("leader").asInt(),
                json.path("leader_epoch").asInt(),
                ints(json.path("isr")),
                successors,
                json.path("min_insync_replicas").asInt(1),
                json.path("leader_recovery_state").asInt(0) == RECOVERING);
        return new PartitionImage(index, assignment, state, node.stat().version());
    }

    /** What a broker tells of the sizes of partitions: bytes, by their topics and numbers. */
    public static byte[] sizes(Map<String, Map<Integer, Long>> sizes) {
        return JSON.writeValueAsBytes(ordered("version", 1, "sizes", sizes));
    }

    public static Map<String, Map<Integer, Long>> parseSizes(byte[] data) {
        Map<String, Map<Integer, Long>> sizes = new TreeMap<>();
        JSON.readTree(data).path("sizes").properties().forEach(topic -> {
            Map<Integer, Long> partitions = new TreeMap<>();
            topic.getValue()
                    .properties()
                    .forEach(partition -> partitions.put(
                            Integer.valueOf(partition.getKey()),
                            partition.getValue().asLong()));
            sizes.put(topic.getKey(), partitions);
        });
        return sizes;
    }

    public static byte[] config(Map<String, String> config) {
        return JSON.writeValueAsBytes(ordered("version", 1, "config", config));
    }

    public static Map<String, String> parseConfig(byte[] data) {
        Map<String, String> config = new LinkedHashMap<>();
        JSON.readTree(data)
                .path("config")
                .properties()
                .forEach(entry -> config.put(entry.getKey(), entry.getValue().asString()));
        return config;
    }

    public static byte[] producerIds(int brokerId, long start, long end) {
        return JSON.writeValueAsBytes(ordered(
                "version",
                1,
                "broker",
                brokerId,
                "block_start",
                Long.toString(start),
                "block_end",
                Long.toString(end)));
    }

    /** The last id of the block that was given out last. */
    public static long parseProducerIdsEnd(byte[] data) {
        return Long.parseLong(JSON.readTree(data).path("block_end").asString());
    }

    private static Map<String, Object> ordered(@Nullable Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            if (value != null) {
                map.put(String.valueOf(namesAndValues[i]), value);
            }
        }
        return map;
    }
}
