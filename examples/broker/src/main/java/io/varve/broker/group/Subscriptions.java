// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Looks into what consumers say to their leader, for the topics that they read. */
final class Subscriptions {

    private Subscriptions() {}

    /**
     * Tells of a topic whether the members of a group read it. A group of consumers that cannot be understood, or has not agreed on a
     * protocol yet, may read every topic.
     */
    static Predicate<String> of(Group group) {
        if (group.members().isEmpty() || !ConsumerProtocol.TYPE.equals(group.protocolType())) {
            return topic -> false;
        }
        Set<String> topics = new HashSet<>();
        for (Member member : group.members().values()) {
            Set<String> ofMember = topics(member, group.protocolName());
            if (ofMember == null) {
                return topic -> true;
            }
            topics.addAll(ofMember);
        }
        return topics::contains;
    }

    /** Whether two members, or one member at two times, want the same topics; what cannot be understood is taken as the same. */
    static boolean same(Member one, Member other, @Nullable String protocolName) {
        Set<String> ofOne = topics(one, protocolName);
        Set<String> ofOther = topics(other, protocolName);
        return ofOne == null || ofOther == null || ofOne.equals(ofOther);
    }

    private static @Nullable Set<String> topics(Member member, @Nullable String protocolName) {
        ConsumerProtocolSubscription subscription =
                ConsumerProtocol.subscription(ByteBuffer.wrap(member.metadata(protocolName)));
        return subscription == null ? null : new HashSet<>(subscription.topics());
    }
}
