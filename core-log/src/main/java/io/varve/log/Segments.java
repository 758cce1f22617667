// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.StorageException;
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

    boolean isEmpty() {
        return list.isEmpty();
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

    /** The segments from the one that holds an offset on. */
    List<Segment> from(long offset) {
        List<Segment> current = list;
        int first = current.size() - 1;
        while (first > 0 && current.get(first).baseOffset() > offset) {
            first--;
        }
        return current.subList(first, current.size());
    }

    /** Makes durable what may not be, from an offset on. */
    void force(long fromOffset) {
        for (Segment segment : from(fromOffset)) {
            if (!segment.isSealed() && segment.hold()) {
                try {
                    segment.force();
                } finally {
                    segment.release();
                }
            }
        }
    }

    /** Lets go of the files that nobody has read since the last call. */
    void rest() {
        list.forEach(Segment::rest);
    }

    /** Whether a segment was rolled and not yet sealed. */
    boolean hasUnsealed() {
        List<Segment> current = list;
        return current.size() > 1 && current.get(current.size() - 2).isActivated();
    }

    void add(Segment segment) {
        List<Segment> next = new ArrayList<>(list);
        next.add(segment);
        list = List.copyOf(next);
    }

    void addAll(List<Segment> segments) {
        List<Segment> next = new ArrayList<>(list);
        next.addAll(segments);
        list = List.copyOf(next);
    }

    /** Puts one segment in the place of neighbours, none of them active. */
    void replace(List<Segment> old, Segment segment) {
        List<Segment> next = new ArrayList<>(list);
        next.set(next.indexOf(old.get(0)), segment);
        next.removeAll(old);
        list = List.copyOf(next);
    }

    /**
     * Puts an empty segment in the place of all, and lets go of their files.
     *
     * @return those that were there
     */
    List<Segment> restart(Segment empty) {
        List<Segment> old = list;
        list = List.of(empty);
        retire(old);
        return old;
    }

    void remove(Segment segment) {
        List<Segment> next = new ArrayList<>(list);
        next.remove(segment);
        list = List.copyOf(next);
    }

    /**
     * Lets go of all files, also when closing one fails.
     *
     * @throws StorageException the first failure, when all is done
     */
    void retire() {
        retire(list);
    }

    private static void retire(List<Segment> segments) {
        StorageException failure = null;
        for (Segment segment : segments) {
            try {
                segment.retire();
            } catch (StorageException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
