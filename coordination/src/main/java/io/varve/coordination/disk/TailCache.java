// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.QuorumEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * The last entries of a log: those that followers that keep up ask for, and that the own machine is about to apply.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class TailCache {

    private final long maxBytes;
    private final List<QuorumEntry> entries = new ArrayList<>();
    private long startOffset;
    private long bytes;

    TailCache(long maxBytes, long endOffset) {
        this.maxBytes = maxBytes;
        this.startOffset = endOffset;
    }

    private long endOffset() {
        return startOffset + entries.size();
    }

    void append(List<QuorumEntry> appended) {
        entries.addAll(appended);
        appended.forEach(entry -> bytes += cost(entry));
        if (bytes > maxBytes) {
            drop();
        }
    }

    /** Drops half of the bytes, so that dropping is rare. */
    private void drop() {
        int count = 0;
        while (count < entries.size() && bytes > maxBytes / 2) {
            bytes -= cost(entries.get(count));
            count++;
        }
        entries.subList(0, count).clear();
        startOffset += count;
    }

    private static long cost(QuorumEntry entry) {
        return 64L + entry.sizeBytes();
    }

    void truncateTo(long offset) {
        while (!entries.isEmpty() && endOffset() > offset) {
            bytes -= cost(entries.remove(entries.size() - 1));
        }
        if (entries.isEmpty()) {
            startOffset = offset;
        }
    }

    void resetTo(long offset) {
        entries.clear();
        bytes = 0;
        startOffset = offset;
    }

    boolean has(long offset) {
        return offset >= startOffset && offset < endOffset();
    }

    List<QuorumEntry> read(long offset, int maxBytes) {
        int from = (int) (offset - startOffset);
        int to = from + 1;
        long read = entries.get(from).sizeBytes();
        while (to < entries.size() && read + entries.get(to).sizeBytes() <= maxBytes) {
            read += entries.get(to).sizeBytes();
            to++;
        }
        return List.copyOf(entries.subList(from, to));
    }
}
