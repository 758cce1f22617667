// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import io.varve.broker.config.ConfigException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Properties;

/**
 * Whose a log directory is: Kafka's meta.properties.
 *
 * <p>Threading: immutable.
 *
 * @param nodeId the broker
 * @param clusterId the cluster
 */
record DirectoryMetadata(int nodeId, String clusterId) {

    private static final String FILE = "meta.properties";

    static Optional<DirectoryMetadata> read(Path directory) {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(Files.readString(file)));
            String node = properties.getProperty("node.id", properties.getProperty("broker.id", ""));
            String cluster = properties.getProperty("cluster.id", "");
            if (cluster.isEmpty()) {
                throw ConfigException.conflict(null, "log.dirs", file + " names no cluster.id");
            }
            return Optional.of(new DirectoryMetadata(Integer.parseInt(node.trim()), cluster.trim()));
        } catch (IOException | IllegalArgumentException e) {
            throw ConfigException.conflict(null, "log.dirs", file + " cannot be read: " + e.getMessage());
        }
    }

    static void write(Path directory, DirectoryMetadata metadata) {
        String text = "version=1\nnode.id=" + metadata.nodeId() + "\ncluster.id=" + metadata.clusterId() + "\n";
        Path next = directory.resolve(FILE + ".tmp");
        try {
            Files.writeString(next, text);
            Files.move(next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot format: directory=" + directory, e);
        }
    }
}
