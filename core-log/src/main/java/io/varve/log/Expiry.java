// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.util.List;

/**
 * What a {@link RetentionPolicy} says about segments.
 *
 * <p>Threading: no state.
 */
final class Expiry {

    /** Nothing has expired. */
    static final long NOTHING = -1;

    private Expiry() {}

    /**
     * The offset before which all has expired, {@link #NOTHING} when none has. Segments go from the first on, the active one, the last,
     * for its age alone.
     */
    static long expiredBefore(List<Segment> segments, RetentionPolicy retention, long nowMs) {
        long totalBytes = segments.stream().mapToLong(Segment::sizeBytes).sum();
        long excessBytes = retention.retentionBytes() < 0 ? 0 : totalBytes - retention.retentionBytes();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            boolean active = i == segments.size() - 1;
            boolean inExcess = !active && excessBytes > 0 && excessBytes >= segment.sizeBytes();
            if (!inExcess && !isOld(segment, active, retention, nowMs)) {
                return i == 0 ? NOTHING : segment.baseOffset();
            }
            excessBytes -= segment.sizeBytes();
        }
        return segments.get(segments.size() - 1).endOffset();
    }

    private static boolean isOld(Segment segment, boolean active, RetentionPolicy retention, long nowMs) {
        if (retention.retentionMs() < 0) {
            return false;
        }
        // Compaction may have left nothing of a sealed segment.
        return segment.isEmpty() ? !active : nowMs - segment.lastUsedMs(nowMs) > retention.retentionMs();
    }
}
