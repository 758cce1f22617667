// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.config.ConfigValues;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BrokerMainTest {

    @Test
    void shouldServeAPlainCallItself() {
        assertThat(BrokerMain.plainCall("broker")).isEqualTo(new BrokerRun(null, List.of(), false, false));
        assertThat(BrokerMain.plainCall("broker", "s.properties", "--set", "a=b", "--set", "c=d"))
                .isEqualTo(new BrokerRun(Path.of("s.properties"), List.of("a=b", "c=d"), false, false));
        assertThat(BrokerMain.plainCall("broker", "--until-stdin-closes", "f"))
                .isEqualTo(new BrokerRun(Path.of("f"), List.of(), false, true));
    }

    @Test
    void shouldLeaveEveryOtherCallToTheParser() {
        assertThat(BrokerMain.plainCall()).isNull();
        assertThat(BrokerMain.plainCall("topic", "list")).isNull();
        assertThat(BrokerMain.plainCall("broker", "--help")).isNull();
        assertThat(BrokerMain.plainCall("broker", "--set")).isNull();
        assertThat(BrokerMain.plainCall("broker", "--set", "--help")).isNull();
        assertThat(BrokerMain.plainCall("broker", "a", "b")).isNull();
    }

    @Test
    void shouldLogNextToTheData() {
        assertThat(BrokerRun.logDirectory(ConfigValues.of(Map.of("log.dirs", "/x/data,/y/data"))))
                .isEqualTo(Path.of("/x/logs"));
        assertThat(BrokerRun.logDirectory(ConfigValues.of(Map.of("log.dirs", "/x/one"))))
                .isEqualTo(Path.of("/x/one-logs"));
    }
}
