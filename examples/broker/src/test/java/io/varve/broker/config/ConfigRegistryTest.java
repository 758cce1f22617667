// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigRegistryTest {

    static Stream<ConfigKey> keys() {
        return Stream.concat(ConfigRegistry.broker().keys().stream(), ConfigRegistry.topic().keys().stream());
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldDocumentEveryKeyInSentences(ConfigKey key) {
        assertThat(key.meaning()).as(key.name()).matches("[A-Z].{15,}\\.");
        assertThat(key.advice()).as(key.name()).matches("[A-Z].{5,}\\.");
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldSayTheUnitInTheMeaning(ConfigKey key) {
        final String meaning = key.meaning().toLowerCase(java.util.Locale.ROOT);
        if (key.name().endsWith(".ms")) {
            assertThat(meaning).as(key.name()).contains("millisecond");
        } else if (key.name().endsWith(".hours")) {
            assertThat(meaning).as(key.name()).contains("hours");
        } else if (key.name().endsWith(".minutes")) {
            assertThat(meaning).as(key.name()).contains("minutes");
        } else if (key.name().endsWith(".bytes")) {
            assertThat(meaning).as(key.name()).contains("byte");
        }
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldAcceptItsOwnDefault(ConfigKey key) {
        final String value = key.defaultValue();
        if (value != null) {
            assertThat(key.parse(value)).as(key.name()).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldKnowEverySynonymAndReplacement(ConfigKey key) {
        for (ConfigSynonym synonym : key.synonyms()) {
            assertThat(ConfigRegistry.broker().find(synonym.name()))
                    .as(synonym.name())
                    .isNotNull();
        }
        if (key.replacement() != null) {
            assertThat(ConfigRegistry.broker().find(key.replacement()))
                    .as(key.name())
                    .isNotNull();
        }
    }

    @Test
    void shouldKnowEveryTopicKeyOfTheKafkaClient() throws IllegalAccessException {
        final List<String> unknown = new ArrayList<>();
        for (var field : TopicConfig.class.getFields()) {
            if (field.getName().endsWith("_CONFIG")) {
                final String name = (String) field.get(null);
                if (ConfigRegistry.topic().find(name) == null
                        && ConfigRegistry.topic().ignoredReason(name) == null) {
                    unknown.add(name);
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void shouldGiveTopicKeysTheDefaultsOfTheirSynonyms() {
        final ConfigValues none = ConfigValues.of(java.util.Map.of()).forTopic(java.util.Map.of());
        for (ConfigKey key : ConfigRegistry.topic().keys()) {
            if (!key.synonyms().isEmpty()) {
                final String synonym = key.synonyms().get(0).name();
                final ConfigDescription broker =
                        ConfigValues.of(java.util.Map.of()).describe(synonym);
                assertThat(none.describe(key.name()).value()).as(key.name()).isEqualTo(broker.value());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "log.retention.hourz, log.retention.hours",
        "log.segment.byte, log.segment.bytes",
        "num.io.thread, num.io.threads",
        "listener, listeners",
        "Node.Id, node.id",
        "zookeeper.conect, zookeeper.connect",
        "zookeeper.session.timeout, zookeeper.session.timeout.ms",
    })
    void shouldFindTheNearestKey(String written, String meant) {
        assertThat(ConfigRegistry.broker().nearest(written)).isEqualTo(meant);
    }

    @Test
    void shouldFindANumberedKeyByAnyNumber() {
        final ConfigKey key = ConfigRegistry.broker().key("server.N");

        assertThat(ConfigRegistry.broker().find("server.0")).isSameAs(key);
        assertThat(ConfigRegistry.broker().find("server.12")).isSameAs(key);
        assertThat(ConfigRegistry.broker().find("server.012")).isNull();
        assertThat(ConfigRegistry.broker().find("server.x")).isNull();
        assertThat(ConfigRegistry.broker().find("node.1")).isNull();
    }

    @Test
    void shouldNotGuessWhenNothingIsNear() {
        assertThat(ConfigRegistry.broker().nearest("colour.of.the.sky")).isNull();
    }

    @Test
    void shouldGiveReasonsForKeysWithoutEffect() {
        assertThat(ConfigRegistry.broker().ignoredReason("ssl.keystore.location"))
                .contains("neither encrypted");
        assertThat(ConfigRegistry.broker().ignoredReason("process.roles")).isNotBlank();
        assertThat(ConfigRegistry.broker().ignoredReason("zookeeper.set.acl")).isNotBlank();
        assertThat(ConfigRegistry.broker().ignoredReason("zookeeper.connect")).isNull();
        assertThat(ConfigRegistry.broker().ignoredReason("num.io.threads")).isNull();
        assertThat(ConfigRegistry.broker().ignoredReason("no.such.key")).isNull();
    }
}
