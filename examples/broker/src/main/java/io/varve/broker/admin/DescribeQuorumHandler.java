// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.zookeeper.config.DynamicConfig;
import io.varve.coordination.zookeeper.config.ServerSpec;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeQuorumRequest;
import io.varve.kafka.message.DescribeQuorumResponse;
import io.varve.kafka.message.DescribeQuorumResponse.Listener;
import io.varve.kafka.message.DescribeQuorumResponse.Node;
import io.varve.kafka.message.DescribeQuorumResponse.PartitionData;
import io.varve.kafka.message.DescribeQuorumResponse.ReplicaState;
import io.varve.kafka.message.DescribeQuorumResponse.TopicData;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Describes the quorum of which this broker's process runs a member, as the quorum that Kafka keeps its metadata in (KIP-595): who leads it, who
 * votes, and how far this member has come. How far others have is theirs to tell. Of a ZooKeeper ensemble it tells nothing, as Kafka's
 * brokers on one.
 *
 * <p>Threading: safe.
 */
public final class DescribeQuorumHandler implements ApiHandler<DescribeQuorumRequest, DescribeQuorumResponse> {

    private static final String TOPIC = "__cluster_metadata";
    private static final String CONFIG_PATH = "/zookeeper/config";
    private static final String LISTENER = "QUORUM";
    private static final long UNKNOWN = -1;

    private final Supplier<@Nullable CompletionStage<MemberStatus>> member;
    private final Coordinator session;

    /**
     * @param member asks the member that the broker's process runs; gives null when it runs none
     */
    public DescribeQuorumHandler(Supplier<@Nullable CompletionStage<MemberStatus>> member, Coordinator session) {
        this.member = member;
        this.session = session;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_QUORUM;
    }

    @Override
    public void handle(RequestContext context, DescribeQuorumRequest request, Reply<DescribeQuorumResponse> reply) {
        CompletionStage<MemberStatus> status = member.get();
        if (status == null) {
            reply.send(refused(
                    ErrorCode.UNSUPPORTED_VERSION,
                    "The brokers run no quorum: the state of the cluster is on the servers of zookeeper.connect."));
            return;
        }
        status.thenCombine(members(), (own, members) -> describe(request, own, members))
                .exceptionally(failure -> refused(ErrorMapping.of(failure), String.valueOf(failure.getMessage())))
                .thenAccept(reply::send);
    }

    private static DescribeQuorumResponse refused(ErrorCode error, String message) {
        return new DescribeQuorumResponse().errorCode(error.code()).errorMessage(message);
    }

    /** What the members have written down; nothing of one that was never more than itself. */
    private CompletionStage<DynamicConfig> members() {
        return session.get(CONFIG_PATH)
                .thenApply(node -> DynamicConfig.parse(CONFIG_PATH, new String(node.data(), StandardCharsets.UTF_8)));
    }

    private static DescribeQuorumResponse describe(
            DescribeQuorumRequest request, MemberStatus own, DynamicConfig members) {
        List<TopicData> topics = new ArrayList<>();
        for (DescribeQuorumRequest.TopicData asked : request.topics()) {
            List<PartitionData> partitions = new ArrayList<>();
            for (DescribeQuorumRequest.PartitionData partition : asked.partitions()) {
                boolean isQuorum = asked.topicName().equals(TOPIC) && partition.partitionIndex() == 0;
                PartitionData data = isQuorum
                        ? describe(own, members)
                        : new PartitionData()
                                .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code())
                                .leaderId(-1);
                partitions.add(data.partitionIndex(partition.partitionIndex()));
            }
            topics.add(new TopicData().topicName(asked.topicName()).partitions(partitions));
        }
        return new DescribeQuorumResponse().topics(topics).nodes(nodes(members));
    }

    private static PartitionData describe(MemberStatus own, DynamicConfig members) {
        List<ReplicaState> voters = new ArrayList<>();
        List<ReplicaState> observers = new ArrayList<>();
        members.servers().forEach((id, spec) -> (spec.isObserver() ? observers : voters).add(state(id, own)));
        if (members.servers().isEmpty()) {
            voters.add(state(own.memberId(), own));
        }
        return new PartitionData()
                .leaderId(own.leaderId())
                .leaderEpoch(own.epoch())
                .highWatermark(own.lastZxid())
                .currentVoters(voters)
                .observers(observers);
    }

    private static ReplicaState state(int id, MemberStatus own) {
        return new ReplicaState()
                .replicaId(id)
                .logEndOffset(id == own.memberId() ? own.lastZxid() : UNKNOWN)
                .lastFetchTimestamp(UNKNOWN)
                .lastCaughtUpTimestamp(UNKNOWN);
    }

    private static List<Node> nodes(DynamicConfig members) {
        List<Node> nodes = new ArrayList<>();
        for (ServerSpec member : members.servers().values()) {
            List<Listener> listeners = new ArrayList<>();
            for (ServerSpec.Address address : member.addresses()) {
                listeners.add(new Listener().name(LISTENER).host(address.host()).port(address.peerPort()));
            }
            nodes.add(new Node().nodeId(member.id()).listeners(listeners));
        }
        return nodes;
    }
}
