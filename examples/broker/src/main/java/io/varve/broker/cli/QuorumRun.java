// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.quorum.QuorumServer;
import io.varve.coordination.zookeeper.config.ZooConfig;
import io.varve.coordination.zookeeper.config.ZooConfigException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;

/**
 * A member of a quorum in this process, from its configuration to the signal that ends it.
 *
 * <p>Threading: immutable; the signal's thread closes the member.
 *
 * @param zooCfg a file as ZooKeeper's zoo.cfg
 * @param isVerbose whether to log in detail
 */
record QuorumRun(Path zooCfg, boolean isVerbose) {

    /**
     * Serves until a signal comes; then the process ends with exit code 0 and this method does not return.
     *
     * @return the exit code when the member has failed
     * @throws CommandFailure when it cannot start
     */
    int run(Streams streams) {
        final ZooConfig config = load();
        Logging.quorum(logDirectory(config), isVerbose);
        final QuorumServer server = start(config);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "quorum-stop"));
        final InetSocketAddress clients = server.clientAddress();
        streams.out()
                .println("ready clientPort=" + (clients == null ? "none" : clients.getPort()) + " member="
                        + server.memberId());
        streams.out().flush();
        try {
            server.whenStopped().toCompletableFuture().get();
            return 0;
        } catch (ExecutionException e) {
            throw new CommandFailure(CommandFailure.FAILED, "the member has failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CommandFailure.EXIT_FAILED;
        }
    }

    private ZooConfig load() {
        try {
            return ZooConfig.load(zooCfg);
        } catch (ZooConfigException e) {
            throw new CommandFailure(CommandFailure.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private QuorumServer start(ZooConfig config) {
        try {
            return QuorumServer.start(config, Files.readString(zooCfg));
        } catch (RuntimeException | IOException e) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "the member cannot start: " + CommandFailure.of(e).getMessage(),
                    e);
        }
    }

    /** Closes the member and ends the process at once: after a signal, the exit code would not be 0 otherwise. */
    private static void stop(QuorumServer server) {
        int exitCode = 0;
        try {
            server.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(QuorumRun.class).error("member not closed cleanly", e);
            exitCode = CommandFailure.EXIT_FAILED;
        }
        Runtime.getRuntime().halt(exitCode);
    }

    private static Path logDirectory(ZooConfig config) {
        final String chosen = System.getenv("VARVE_LOG_DIR");
        return chosen != null && !chosen.isEmpty()
                ? Path.of(chosen)
                : config.storage().dataDir().toAbsolutePath().normalize().resolve("logs");
    }
}
