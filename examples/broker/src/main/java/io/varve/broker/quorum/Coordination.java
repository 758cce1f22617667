// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.broker.config.ConfigValues;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.MemberStatus;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What holds the state of a broker's cluster: a ZooKeeper ensemble, or the quorum of which the broker's process runs a member.
 *
 * <p>Threading: sessions are opened by one thread at a time; the rest is safe.
 */
public interface Coordination extends AutoCloseable {

    /**
     * Starts or prepares what the keys of the broker ask for.
     *
     * @param values of the broker
     * @param directory for the files of a member of the broker's own quorum; created when there is to be one
     * @throws io.varve.broker.config.ConfigException when an address or the directory cannot be used
     * @throws io.varve.coordination.CoordinationException when the directory is another member's, or files are missing
     */
    static Coordination open(ConfigValues values, Path directory) {
        return values.hasValue("zookeeper.connect")
                ? new EnsembleCoordination(values)
                : MemberCoordination.open(values, directory);
    }

    /**
     * Opens a session; waits for it.
     *
     * @return belongs to the caller, who closes it before this
     * @throws io.varve.broker.config.ConfigException when the configured servers do not answer in the configured time
     * @throws io.varve.coordination.QuorumLostException when there is no quorum, or the waiting thread is interrupted
     */
    Coordinator openSession();

    /** Why no session can be opened any more; null as long as one can or could. */
    @Nullable
    Throwable failure();

    /** How the member is that the broker's process runs, null when it runs none. Any thread. */
    @Nullable
    CompletionStage<MemberStatus> memberStatus();

    /** Ends what {@link #open} has started. Idempotent. */
    @Override
    void close();
}
