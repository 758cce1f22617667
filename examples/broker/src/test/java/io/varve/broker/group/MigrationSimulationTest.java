// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs {@link MigrationSimulation} under many seeds. */
@Tag("simulation")
class MigrationSimulationTest {

    static LongStream fewSeeds() {
        return LongStream.rangeClosed(1, 50);
    }

    static LongStream manySeeds() {
        return LongStream.rangeClosed(1_000, 4_000);
    }

    @ParameterizedTest
    @MethodSource("fewSeeds")
    void shouldKeepItsPromises(long seed) {
        new MigrationSimulation(seed).run(500);
    }

    @Tag("nightly")
    @ParameterizedTest
    @MethodSource("manySeeds")
    void shouldKeepItsPromisesUnderManySeeds(long seed) {
        new MigrationSimulation(seed).run(500);
    }
}
