// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.util.ArrayList;
import java.util.List;

/**
 * The segments of a log in the order of their base offsets; the last one is active. Never empty once the log is open.
 *
 * <p>Threading: one writer, any readers; a reader sees the list as of one moment.
 */
final class Segments {

    private volatile List<Segment> list = List.of();

    /** The segments as of now. */
    List<Segment> all() {
        return list;
    }

    Segment first() {
        return list.get(0);
    }

    Segment active() {
        List<Segment> current = list;
        return current.get(current.size() - 1);
    }

    /** The segment that holds an offset, or would; the first one for offsets below it. */
    Segment floor(long offset) {
        List<Segment> current = list;
        int low = 0;
        int high = current.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (current.get(middle).baseOffset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return current.get(Math.max(0, low - 1));
    }

    /** The segment behind one that is not active. */
    Segment after(Segment segment) {
        List<Segment> current = list;
        return current.get(Math.min(current.indexOf(segment) + 1, current.size() - 1));
    }

    void add(Segment segment) {
        List<Segment> next = new ArrayList<>(list);
        next.add(segment);
        list = List.copyOf(next);
    }

    void remove(Segment segment) {
        List<Segment> next = new ArrayList<>(list);
        next.remove(segment);
        list = List.copyOf(next);
    }
}
