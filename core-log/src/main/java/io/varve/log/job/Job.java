// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.job;

/**
 * Work in small portions. Nothing happens unless somebody calls {@link #doWork}: a {@link JobRunner}, or a loop of the owner's.
 *
 * <p>Threading: as the job says; a {@link JobRunner} steps each job from one thread.
 */
@FunctionalInterface
public interface Job {

    /**
     * Does what is due, or a bounded part of it.
     *
     * @return how much was done, in units of the job's own; 0 when nothing was due, so that the caller may rest
     */
    int doWork();
}
