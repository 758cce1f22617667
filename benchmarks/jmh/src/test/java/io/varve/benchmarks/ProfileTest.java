// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Param;

/** What the profiles name exists, so that a run of hours does not end with a typing error. */
class ProfileTest {

    static Stream<Comparison> comparisons() {
        return Stream.of(Profile.brief(), Profile.thorough()).flatMap(profile -> profile.comparisons().stream());
    }

    @ParameterizedTest
    @MethodSource("comparisons")
    void shouldNameBenchmarksContendersAndParametersThatExist(Comparison comparison) throws Exception {
        Class<?> benchmark = Class.forName("io.varve.benchmarks.log." + comparison.benchmark());

        assertThat(benchmark.getField("target").getAnnotation(Param.class).value())
                .containsAll(comparison.contenders());
        for (String parameter : comparison.parameters().keySet()) {
            assertThat(benchmark.getField(parameter).isAnnotationPresent(Param.class))
                    .isTrue();
        }
    }
}
