// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PropertiesParserTest {

    @Test
    void shouldKeepTheLineOfEveryKey() {
        final String text = "# comment\n\nnode.id=1\r\nlog.dirs=/a,\\\n    /b\r\r! other comment\nport : 9092\n";

        final List<Setting> settings = new PropertiesParser("f", text).parse();

        assertThat(settings)
                .containsExactly(
                        new Setting("node.id", "1", new Origin("f", 3)),
                        new Setting("log.dirs", "/a,/b", new Origin("f", 4)),
                        new Setting("port", "9092", new Origin("f", 8)));
    }

    @Test
    void shouldNameTheLineOfAMalformedEscape() {
        assertThatThrownBy(() -> new PropertiesParser("f", "a=1\nb=\\u12x4\n").parse())
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("f:2: ");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldReadWhatJavaReads(long seed) throws IOException {
        final Random random = new Random(seed);
        final String alphabet = "ab=: \t\f\\\n\r#!.u0041";
        for (int round = 0; round < 2_000; round++) {
            final StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(24); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }

            assertThat(read(text.toString()))
                    .as("seed=%d, text=%s", seed, text.toString().replace("\n", "\\n"))
                    .isEqualTo(readByJava(text.toString()));
        }
    }

    private static Map<String, String> read(String text) {
        final Map<String, String> values = new LinkedHashMap<>();
        try {
            new PropertiesParser("f", text).parse().forEach(setting -> values.put(setting.name(), setting.value()));
        } catch (ConfigException e) {
            return Map.of("malformed", "");
        }
        values.remove("");
        return values;
    }

    /** What Java reads, but for the empty key, which it also makes from a backslash before the end of the text. */
    private static Map<String, String> readByJava(String text) throws IOException {
        final Properties properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IllegalArgumentException e) {
            return Map.of("malformed", "");
        }
        final Map<String, String> values = new LinkedHashMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        values.remove("");
        return values;
    }
}
