// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.List;

/** A log that lies. */
record BuggyLog(QuorumLog log, Bug bug) implements QuorumLog {

    @Override
    public long startOffset() {
        return log.startOffset();
    }

    @Override
    public long endOffset() {
        return log.endOffset();
    }

    @Override
    public long flushedOffset() {
        return bug == Bug.ACKNOWLEDGES_BEFORE_FORCE ? log.endOffset() : log.flushedOffset();
    }

    @Override
    public void append(List<QuorumEntry> entries) {
        log.append(entries);
    }

    @Override
    public List<QuorumEntry> read(long offset, int maxBytes) {
        return log.read(offset, maxBytes);
    }

    @Override
    public void truncateTo(long offset) {
        if (bug != Bug.NEVER_TRUNCATES) {
            log.truncateTo(offset);
        }
    }

    @Override
    public void resetTo(long offset) {
        log.resetTo(offset);
    }

    @Override
    public void deleteBefore(long offset) {
        log.deleteBefore(offset);
    }
}
