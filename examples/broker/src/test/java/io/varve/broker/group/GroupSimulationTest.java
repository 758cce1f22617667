// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Members that come, go, restart, fall silent and commit at random, and a coordinator that starts anew from its records: every generation
 * has one leader, everybody in it gets the assignment that the leader made for it, everybody is answered, and what was committed is there.
 * The seed is the test's parameter.
 */
@Tag("simulation")
class GroupSimulationTest {

    static LongStream fewSeeds() {
        return LongStream.rangeClosed(1, 30);
    }

    static LongStream manySeeds() {
        return LongStream.rangeClosed(1_000, 3_000);
    }

    @ParameterizedTest
    @MethodSource("fewSeeds")
    void shouldKeepItsPromises(long seed) {
        new GroupSimulation(seed).run(4000);
    }

    @Tag("nightly")
    @ParameterizedTest
    @MethodSource("manySeeds")
    void shouldKeepItsPromisesUnderManySeeds(long seed) {
        new GroupSimulation(seed).run(4000);
    }
}
