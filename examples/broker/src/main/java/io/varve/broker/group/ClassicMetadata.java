// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a member of a consumer group has said that takes part in it by the classic protocol (KIP-848, ClassicMemberMetadata).
 *
 * <p>Threading: immutable, as long as nobody touches the bytes.
 *
 * @param sessionTimeoutMs how long it may be silent
 * @param protocols what it can take part in, its favourite first; never empty
 */
record ClassicMetadata(int sessionTimeoutMs, List<Protocol> protocols) {

    /** A way to assign partitions, and what the member has to say for it; compared by content. */
    record Protocol(String name, ByteBuffer metadata) {}

    static ClassicMetadata of(int sessionTimeoutMs, List<GroupCommand.Protocol> protocols) {
        return new ClassicMetadata(
                sessionTimeoutMs,
                protocols.stream()
                        .map(protocol -> new Protocol(protocol.name(), ByteBuffer.wrap(protocol.metadata())))
                        .toList());
    }

    /** The same for a classic group. */
    List<GroupCommand.Protocol> asInClassicGroup() {
        return protocols.stream()
                .map(protocol -> new GroupCommand.Protocol(protocol.name(), GroupRecords.bytes(protocol.metadata())))
                .toList();
    }

    Protocol favourite() {
        return protocols.get(0);
    }

    boolean supports(String name) {
        return protocols.stream().anyMatch(protocol -> protocol.name().equals(name));
    }
}
