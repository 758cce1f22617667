// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the sealed segments of a log amount to, in a small file that is replaced as a whole, so that opening the log need not look at
 * each of them.
 *
 * <p>It says nothing that the indexes do not say, and any segment may be missing in it; then its index is asked. So it need not be
 * durable, but it must never be wrong: it is deleted, durably, before a segment that it lists is changed, replaced, or appended to.
 *
 * <p>Threading: confined to who opens the log and then to the lock of upkeep, but for {@link #distrust}, which is safe.
 */
final class Manifest {

    private final Storage storage;
    private volatile boolean distrusted;

    Manifest(Storage storage) {
        this.storage = storage;
    }

    /** The entries of the file, ascending by base offset; none when it is absent or damaged. */
    Entries load() {
        return LogFiles.bytes(storage, LogFiles.MANIFEST)
                .map(ManifestDescriptor::decode)
                .map(Entries::new)
                .orElse(Entries.NONE);
    }

    /**
     * The same for who wants to know that it is damaged.
     *
     * @throws CorruptLogException when it is
     */
    static Entries listed(Storage storage) {
        Optional<ByteBuffer> file = LogFiles.bytes(storage, LogFiles.MANIFEST);
        if (file.isEmpty()) {
            return Entries.NONE;
        }
        return file.map(ManifestDescriptor::decode)
                .map(Entries::new)
                .orElseThrow(() -> new CorruptLogException(
                        LogFiles.MANIFEST, 0, "no manifest, or its checksum is wrong; opening makes it anew"));
    }

    /** Writes down all sealed segments but the last, which is appended to. Without space it stays as it is, which is as true. */
    void save(List<Segment> segments) {
        List<Segment> sealed = new ArrayList<>(segments.subList(0, segments.size() - 1));
        sealed.removeIf(segment -> !segment.isSealed());
        if (distrusted || sealed.isEmpty()) {
            drop();
            return;
        }
        ByteBuffer out = ManifestDescriptor.allocate(sealed.size());
        sealed.forEach(segment -> ManifestDescriptor.encode(out, segment.baseOffset(), segment.summary(0)));
        try {
            LogFiles.replace(storage, LogFiles.MANIFEST, ManifestDescriptor.complete(out), false);
        } catch (OutOfSpaceException e) {
            // Opening then looks at those that are missing; the next segment to be sealed tries again.
        }
    }

    /** Deletes the file; durably when the directory has been forced after that. */
    void drop() {
        if (storage.exists(LogFiles.MANIFEST)) {
            storage.delete(LogFiles.MANIFEST);
        }
    }

    /** What it says is not so: somebody has changed a segment. Closing the log deletes it, so that the next opening looks at all. */
    void distrust() {
        distrusted = true;
    }

    boolean isDistrusted() {
        return distrusted;
    }

    /** What a manifest lists. */
    static final class Entries {

        static final Entries NONE = new Entries(new long[0]);

        private final long[] longs;

        private Entries(long[] longs) {
            this.longs = longs;
        }

        int count() {
            return longs.length / ManifestDescriptor.ENTRY_LONGS;
        }

        long baseOffset(int entry) {
            return longs[entry * ManifestDescriptor.ENTRY_LONGS];
        }

        SegmentSummary summary(int entry) {
            return ManifestDescriptor.summary(longs, entry);
        }
    }
}
