// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a member keeps its files.
 *
 * <p>Threading: immutable.
 *
 * @param state of its identity, vote and snapshots
 * @param log of its log and nothing else
 */
record MemberDirectories(Path state, Path log) {

    private static final String OWN = "varve";
    private static final String APACHE = "version-2";

    /**
     * Those of a zoo.cfg. A directory of Apache ZooKeeper's is not read, and not written to either, so that nobody thinks its tree is
     * served.
     */
    static MemberDirectories of(ZooConfig config) {
        final Path state = config.storage().dataDir().resolve(OWN);
        final Path foreign = config.storage().dataDir().resolve(APACHE);
        if (Files.isDirectory(foreign) && !Files.isDirectory(state)) {
            throw new CoordinationException(
                    "the data of Apache ZooKeeper is not read here: directory=" + foreign
                            + "; give this member a dataDir of its own, and copy the tree from one to the other while both run");
        }
        return new MemberDirectories(
                state, config.storage().dataLogDir().resolve(OWN).resolve("log"));
    }
}
