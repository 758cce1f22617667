// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads a directory of specifications and writes one class per message, the table of APIs, and the list of all messages.
 *
 * <p>Threading: confined to one thread.
 */
public final class Generator {

    private final ObjectMapper json =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();
    private final Path target;
    private final Set<Path> written = new HashSet<>();

    private Generator(Path target) {
        this.target = target;
    }

    /**
     * Generates.
     *
     * @param arguments the directory of the specifications, and the root of the sources to write
     */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[1]).resolve(MessageSource.PACKAGE.replace('.', '/'));
        Files.createDirectories(root);
        new Generator(root).generate(Path.of(arguments[0]));
    }

    private void generate(Path specifications) throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(specifications)) {
            files = listed.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
        if (files.isEmpty()) {
            throw new IOException("no specifications: directory=" + specifications);
        }
        List<String> messages = new ArrayList<>();
        Map<Integer, ApiSource.Api> apis = new TreeMap<>(Comparator.naturalOrder());
        for (Path file : files) {
            JsonNode node = json.readTree(Files.readString(file));
            Specification message = Specification.parse(node);
            // A message without a valid version is one that Kafka has removed.
            if (message.versions().isEmpty()) {
                continue;
            }
            write(message.name(), new MessageSource(message).text());
            messages.add(message.name());
            if (node.has("apiKey")) {
                int key = node.path("apiKey").asInt();
                boolean request = node.path("type").asString().equals("request");
                boolean unstable = node.path("latestVersionUnstable").asBoolean(false);
                ApiSource.Api known = apis.getOrDefault(key, new ApiSource.Api(null, null, false));
                apis.put(key, request ? known.withRequest(message, unstable) : known.withResponse(message));
            }
        }
        write("ApiKey", ApiSource.apiKey(apis));
        write("Messages", ApiSource.messages(messages));
        write("package-info", ApiSource.packageInfo());
        deleteOthers();
    }

    /** A specification that went away takes its class with it. */
    private void deleteOthers() throws IOException {
        try (Stream<Path> files = Files.list(target)) {
            for (Path file : files.filter(file -> !written.contains(file)).toList()) {
                Files.delete(file);
            }
        }
    }

    private void write(String name, String text) throws IOException {
        Path file = target.resolve(name + ".java");
        written.add(file);
        // An unchanged file keeps its time, and the compiler leaves it alone.
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.writeString(file, text);
        }
    }
}
