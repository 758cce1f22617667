// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.config.Origin;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a quorum in the broker's process: alone, or with those of other brokers.
 *
 * <p>Threading: see {@link Coordination}.
 */
final class MemberCoordination implements Coordination {

    private static final Logger LOG = LoggerFactory.getLogger(MemberCoordination.class);

    /** What an earlier development version called its directory. */
    private static final String FORMER_DIRECTORY = "tree";

    /** A member alone is its own majority. */
    private static final Duration WAIT_ALONE = Duration.ofSeconds(30);

    /** Between two lines in the log; members may be started hours apart. */
    private static final Duration WAIT_FOR_OTHERS = Duration.ofSeconds(10);

    private final QuorumServer server;
    private final int voters;
    private final Duration sessionTimeout;
    private final @Nullable Origin origin;

    private MemberCoordination(QuorumServer server, int voters, Duration sessionTimeout, @Nullable Origin origin) {
        this.server = server;
        this.sessionTimeout = sessionTimeout;
        this.voters = voters;
        this.origin = origin;
    }

    static MemberCoordination open(ConfigValues values, Path directory) {
        refuseFormerData(values, directory);
        MemberSettings settings = new MemberSettings(values);
        ZooConfig config = settings.config(directory);
        return new MemberCoordination(
                QuorumServer.start(config, settings.text(), new MemberDirectories(directory, directory.resolve("log"))),
                Math.max(1, config.quorum().members().voterCount()),
                Duration.ofMillis(values.intValue("zookeeper.session.timeout.ms")),
                values.origin("server." + config.quorum().myId()));
    }

    private static void refuseFormerData(ConfigValues values, Path directory) {
        Path former = directory.resolveSibling(FORMER_DIRECTORY);
        if (Files.isDirectory(former) && !Files.isDirectory(directory)) {
            Origin where = values.origin("log.dirs");
            throw ConfigException.conflict(
                    where == null ? values.origin("log.dir") : where,
                    "log.dirs",
                    former
                            + " holds the topics and configurations of an earlier development version, which this one does not read;"
                            + " nothing was changed: choose another directory, or go on with the earlier version");
        }
    }

    @Override
    public Coordinator openSession() {
        if (voters == 1) {
            return server.openSession(sessionTimeout, WAIT_ALONE);
        }
        Coordinator session = null;
        while (session == null) {
            try {
                session = server.openSession(sessionTimeout, WAIT_FOR_OTHERS);
            } catch (QuorumLostException e) {
                if (server.failure() != null || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LOG.warn(
                        "Waiting for the other members: {}. One that has met a quorum founded without it waits for that; if it was the"
                                + " wrong one and is gone, restart this broker",
                        e.getMessage());
            }
        }
        return requireOthers(session);
    }

    /** A quorum remembers its members. One that was founded by this broker alone goes on without those that the lines name. */
    private Coordinator requireOthers(Coordinator session) {
        if (server.voters() == 1) {
            session.close();
            throw ConfigException.conflict(
                    origin,
                    "server." + server.memberId(),
                    "this broker's directory is of a quorum of one, which lines for " + voters
                            + " voters do not enlarge; remove the lines, or give the broker an empty directory");
        }
        return session;
    }

    @Override
    public @Nullable Throwable failure() {
        return server.failure();
    }

    @Override
    public CompletionStage<MemberStatus> memberStatus() {
        return server.status();
    }

    @Override
    public void close() {
        server.close();
    }
}
