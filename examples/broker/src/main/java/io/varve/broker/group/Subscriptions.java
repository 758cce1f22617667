// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.kafka.MessageReader;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Looks into what consumers say to their leader, for the topics that they read. */
final class Subscriptions {

    /** The protocol type of consumers. */
    static final String PROTOCOL_TYPE = "consumer";

    private Subscriptions() {}

    /** The topics that the members of a group subscribe to; those of a member that cannot be understood are missing. */
    static Set<String> of(Group group) {
        Set<String> topics = new HashSet<>();
        for (Member member : group.members().values()) {
            topics.addAll(topics(member, group));
        }
        return topics;
    }

    private static List<String> topics(Member member, Group group) {
        try {
            ByteBuffer metadata = ByteBuffer.wrap(member.metadata(group.protocolName()));
            MessageReader reader = new MessageReader(metadata);
            short version = reader.readShort();
            ConsumerProtocolSubscription subscription = new ConsumerProtocolSubscription();
            short known = (short) Math.min(version, subscription.latestVersion());
            subscription.read(reader, known);
            return subscription.topics();
        } catch (ProtocolException e) {
            // Only consumers speak of topics; others say what they like.
            return List.of();
        }
    }
}
