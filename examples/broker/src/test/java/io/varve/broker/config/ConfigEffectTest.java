// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the registry says of a key's effect is held against the sources: a key works when some code reads it. */
class ConfigEffectTest {

    private static final Pattern READ = Pattern.compile(
            "(?:int|long|boolean|string|list|double|numbered)Values?\\(\\s*\"([^\"]+)\"|hasValue\\(\"([^\"]+)\"");

    private final Set<String> read = readKeys();

    @Test
    void shouldReadEveryTopicKeyThatIsSaidToWork() {
        for (ConfigKey key : ConfigRegistry.topic().keys()) {
            assertThat(read.contains(key.name())).as(key.name()).isEqualTo(key.noEffectReason() == null);
        }
    }

    @Test
    void shouldReadEveryBrokerKeyThatIsSaidToWork() {
        final Set<String> reached = new HashSet<>(read);
        reached.addAll(keysNamedIn("ListenerSpecs.java"));
        reached.addAll(keysNamedIn("ConfigValues.java"));
        Stream.concat(ConfigRegistry.broker().keys().stream(), ConfigRegistry.topic().keys().stream())
                .filter(key -> read.contains(key.name()))
                .forEach(key -> key.synonyms().forEach(synonym -> reached.add(synonym.name())));

        for (ConfigKey key : ConfigRegistry.broker().keys()) {
            if (key.noEffectReason() == null) {
                assertThat(reached).contains(key.name());
            }
        }
    }

    @Test
    void shouldLetOnlyWhatPartitionsReadAnewBeChangedWhileRunning() {
        final Set<String> defaults = new HashSet<>(Set.of(
                "log.cleaner.dedupe.buffer.size",
                "log.cleaner.io.max.bytes.per.second",
                "draining.brokers",
                "auto.balance.throttled.rate",
                "leader.replication.throttled.rate"));
        ConfigRegistry.topic().keys().forEach(key -> key.synonyms().forEach(synonym -> defaults.add(synonym.name())));

        for (ConfigKey key : ConfigRegistry.broker().keys()) {
            if (!key.isReadOnly() && key.noEffectReason() == null) {
                assertThat(defaults).contains(key.name());
            }
        }
    }

    /** The listeners' keys are passed on as parameters before they are read. */
    private static Set<String> keysNamedIn(String file) {
        final Set<String> keys = new HashSet<>();
        try {
            final var matcher = Pattern.compile("\"([a-z.]+)\"")
                    .matcher(Files.readString(Path.of("src/main/java/io/varve/broker/config", file)));
            while (matcher.find()) {
                keys.add(matcher.group(1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return keys;
    }

    private static Set<String> readKeys() {
        final Set<String> keys = new HashSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                final var matcher = READ.matcher(Files.readString(file));
                while (matcher.find()) {
                    keys.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return keys;
    }
}
