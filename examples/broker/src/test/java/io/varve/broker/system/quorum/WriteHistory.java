// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one writer did and what it was answered, and whether what is there in the end can be the outcome.
 *
 * <p>The writer works through numbers: for each it creates a node of that name, then sets a value to it. It has one operation under way
 * at a time. An operation without an answer may have taken effect or not.
 *
 * <p>Threading: confined to the writer's thread, then to the test's.
 */
final class WriteHistory {

    private final Set<Integer> created = new TreeSet<>();
    private final Set<Integer> maybeCreated = new TreeSet<>();
    private final Set<Integer> maybeSet = new TreeSet<>();
    private final List<String> violations = Collections.synchronizedList(new ArrayList<>());
    private int lastSet = -1;
    private int sets;

    void created(int number) {
        created.add(number);
    }

    void maybeCreated(int number) {
        maybeCreated.add(number);
    }

    void set(int number) {
        lastSet = number;
        sets++;
    }

    void maybeSet(int number) {
        maybeSet.add(number);
    }

    /** Says that something happened which must not; from any thread. */
    void violated(String what) {
        violations.add(what);
    }

    /** The writer reads its own value: never one from before its last acknowledged write, never one that it did not write. */
    void read(int value) {
        if (value < lastSet) {
            violated("a read went back behind an acknowledged set: read=" + value + ", acknowledged=" + lastSet);
        } else if (value > lastSet && !maybeSet.contains(value)) {
            violated("a read showed a value that was not set: read=" + value + ", acknowledged=" + lastSet);
        }
    }

    /** Acknowledged operations. */
    int acknowledged() {
        return created.size() + sets;
    }

    /**
     * What is wrong with the outcome.
     *
     * @param present the nodes that are there
     * @param value the value
     * @param version how often the value was set
     */
    List<String> violations(Set<Integer> present, int value, int version) {
        List<String> all = new ArrayList<>(violations);
        Set<Integer> lost = new TreeSet<>(created);
        lost.removeAll(present);
        if (!lost.isEmpty()) {
            all.add("acknowledged creates are lost: " + lost);
        }
        Set<Integer> phantoms = new TreeSet<>(present);
        phantoms.removeAll(created);
        phantoms.removeAll(maybeCreated);
        if (!phantoms.isEmpty()) {
            all.add("nodes that nobody created: " + phantoms);
        }
        if (value < lastSet) {
            all.add("an acknowledged set is lost: value=" + value + ", acknowledged=" + lastSet);
        } else if (value != lastSet && !maybeSet.contains(value)) {
            all.add("a value that nobody set: value=" + value);
        }
        if (version < sets || version > sets + maybeSet.size()) {
            all.add("sets were lost or applied twice: version=" + version + ", acknowledged=" + sets + ", unanswered="
                    + maybeSet.size());
        }
        return all;
    }
}
