// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.util.List;
import java.util.function.Predicate;

/**
 * What a value must satisfy beyond its type.
 *
 * <p>Threading: immutable.
 *
 * @param label the rule in words, completing "must be ..."; empty when every value of the type is good
 * @param accepts the rule itself, called with the parsed value
 */
record ValueRule(String label, Predicate<Object> accepts) {

    static final ValueRule ANY = new ValueRule("", value -> true);
    static final ValueRule NOT_EMPTY =
            new ValueRule("not empty", value -> !(value instanceof List<?> list ? list.isEmpty() : "".equals(value)));

    static ValueRule atLeast(long least) {
        return new ValueRule("at least " + least, value -> ((Number) value).longValue() >= least);
    }

    static ValueRule moreThan(long least) {
        return new ValueRule("more than " + least, value -> ((Number) value).doubleValue() > least);
    }

    static ValueRule between(long least, long most) {
        return new ValueRule("between " + least + " and " + most, value -> {
            final double number = ((Number) value).doubleValue();
            return number >= least && number <= most;
        });
    }

    static ValueRule oneOf(String... words) {
        final List<String> allowed = List.of(words);
        return new ValueRule("one of " + String.join(", ", allowed), allowed::contains);
    }

    static ValueRule eachOneOf(String... words) {
        final List<String> allowed = List.of(words);
        return new ValueRule("a list of " + String.join(", ", allowed), value -> allowed.containsAll((List<?>) value));
    }

    static ValueRule numbers() {
        return new ValueRule("a list of numbers from 0", value -> ((List<?>) value)
                .stream().allMatch(element -> String.valueOf(element).matches("\\d{1,9}")));
    }

    /** As Kafka names replicas: all of them, or those of some partitions at some brokers. */
    static ValueRule replicas() {
        return new ValueRule(
                "*, or a list of partition:broker",
                value -> ((List<?>) value).equals(List.of("*"))
                        || ((List<?>) value).stream().allMatch(element -> String.valueOf(element)
                                .matches("\\d{1,9}:\\d{1,9}")));
    }

    ValueRule orMinusOne() {
        return new ValueRule(label + ", or -1", value -> ((Number) value).longValue() == -1 || accepts.test(value));
    }
}
