// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.broker.config.ConfigValues;
import io.varve.coordination.agent.QuorumNodeConfig;
import io.varve.coordination.zookeeper.FrontEndConfig;
import io.varve.coordination.zookeeper.config.DynamicConfig;
import io.varve.coordination.zookeeper.config.HostPort;
import io.varve.coordination.zookeeper.config.ServerSpec;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a broker's configuration says of the member in its process, in the words of zoo.cfg.
 *
 * <p>Threading: immutable.
 */
final class MemberSettings {

    private static final int TICK_MS = QuorumNodeConfig.Timing.DEFAULT_TICK_MS;
    private static final int REAP_INTERVAL_MS = 60_000;

    /** Those of the sample that ZooKeeper comes with. */
    private static final int INIT_LIMIT_TICKS = 10;

    private static final int SYNC_LIMIT_TICKS = 5;
    private static final int SNAPSHOTS_KEPT = 3;
    private static final int PURGE_INTERVAL_HOURS = 1;
    private static final int SNAP_COUNT = 100_000;

    private static final ZooConfig.Admin NO_ADMIN_SERVER =
            new ZooConfig.Admin(false, new HostPort("127.0.0.1", 0), "/commands", 0);

    private final ConfigValues values;
    private final int memberId;
    private final DynamicConfig members;

    MemberSettings(ConfigValues values) {
        this.values = values;
        this.memberId = values.intValue("node.id");
        this.members = DynamicConfig.parse("server.N", text());
    }

    /** The lines of the members. */
    String text() {
        return values.numberedValues("server.N").entrySet().stream()
                .map(member -> "server." + member.getKey() + "=" + member.getValue() + "\n")
                .collect(Collectors.joining());
    }

    ZooConfig config(Path directory) {
        return new ZooConfig(
                new ZooConfig.Timing(
                        TICK_MS, INIT_LIMIT_TICKS, SYNC_LIMIT_TICKS, 2 * TICK_MS, 20 * TICK_MS, REAP_INTERVAL_MS),
                new ZooConfig.Storage(directory, directory, SNAPSHOTS_KEPT, PURGE_INTERVAL_HOURS, SNAP_COUNT),
                new ZooConfig.Clients(clientAddress(), null, -1, null, FrontEndConfig.ofTickTime(TICK_MS), false),
                new ZooConfig.Quorum(
                        memberId,
                        members,
                        members.servers().size() <= 1,
                        false,
                        null,
                        values.booleanValue("quorumListenOnAllIPs")),
                NO_ADMIN_SERVER,
                List.of());
    }

    /** Where ZooKeeper's clients come in: clientPort, else what this member's line says, else nowhere. */
    private @Nullable HostPort clientAddress() {
        if (values.hasValue("clientPort")) {
            return new HostPort(values.stringValue("clientPortAddress"), values.intValue("clientPort"));
        }
        ServerSpec self = members.servers().get(memberId);
        return self == null ? null : self.client();
    }
}
