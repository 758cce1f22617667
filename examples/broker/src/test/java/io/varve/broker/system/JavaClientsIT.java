// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Java client in the versions that applications have today. */
class JavaClientsIT {

    @ParameterizedTest
    @ValueSource(strings = {"4.4.0", "3.9.1", "2.8.2"})
    void shouldServeAnApplication(String clientVersion, @TempDir Path directory) {
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            Run run = Run.of(Distribution.probe(clientVersion, ClientProbe.class, broker.bootstrap(), "java"));

            assertThat(run.ok().stdout()).contains("probe ok");
            broker.stop();
        }
    }
}
