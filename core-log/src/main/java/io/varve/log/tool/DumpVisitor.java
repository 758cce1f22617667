// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;

/**
 * Told what {@link LogDump} comes across.
 *
 * <p>Threading: called by the thread that dumps.
 */
public interface DumpVisitor {

    /**
     * A segment begins.
     *
     * @param name name of its log file
     * @param baseOffset its base offset
     * @param sizeBytes length of its log file
     */
    void segment(String name, long baseOffset, long sizeBytes);

    /**
     * A valid batch.
     *
     * @param position where it begins in the file
     * @param batch the batch, from position to limit, valid during the call; see {@link BatchDescriptor}
     * @return false to stop
     */
    boolean batch(long position, ByteBuffer batch);

    /**
     * A stretch that holds no valid batch.
     *
     * @param position where it begins in the file
     * @param endPosition one past its last byte
     * @param reason why no batch begins there
     * @return false to stop
     */
    boolean damage(long position, long endPosition, String reason);
}
