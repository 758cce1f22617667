// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

/**
 * A range of versions; both bounds are inclusive, as in the specifications.
 *
 * <p>Threading: immutable.
 */
record Versions(int lowest, int highest) {

    static final Versions NONE = new Versions(0, -1);

    /** Reads {@code none}, {@code 3}, {@code 3-5} or {@code 3+}. */
    static Versions parse(String text) {
        String trimmed = text.strip();
        if (trimmed.isEmpty() || trimmed.equals("none")) {
            return NONE;
        }
        if (trimmed.endsWith("+")) {
            return new Versions(Integer.parseInt(trimmed.substring(0, trimmed.length() - 1)), Short.MAX_VALUE);
        }
        int dash = trimmed.indexOf('-');
        if (dash < 0) {
            int only = Integer.parseInt(trimmed);
            return new Versions(only, only);
        }
        return new Versions(
                Integer.parseInt(trimmed.substring(0, dash)), Integer.parseInt(trimmed.substring(dash + 1)));
    }

    boolean isEmpty() {
        return highest < lowest;
    }

    Versions intersect(Versions other) {
        Versions both = new Versions(Math.max(lowest, other.lowest), Math.min(highest, other.highest));
        return both.isEmpty() ? NONE : both;
    }

    boolean contains(Versions other) {
        return other.isEmpty() || (lowest <= other.lowest && other.highest <= highest);
    }

    /** Java for "the version is one of these", knowing that it is one of {@code possible}. */
    String condition(Versions possible) {
        Versions here = intersect(possible);
        if (here.isEmpty()) {
            return "false";
        }
        if (here.contains(possible)) {
            return "true";
        }
        String above = "version >= " + here.lowest;
        String below = "version <= " + here.highest;
        if (here.highest >= possible.highest) {
            return above;
        }
        return here.lowest <= possible.lowest ? below : above + " && " + below;
    }
}
