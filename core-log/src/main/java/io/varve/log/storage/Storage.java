// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.util.List;

/**
 * One directory of files: the only way in which a log touches a disk.
 *
 * <p>All methods throw {@link StorageException} when the operation fails; nothing is retried.
 *
 * <p>Threading: safe.
 */
public interface Storage {

    /**
     * Opens a file for reading and writing, creating it when it does not exist.
     *
     * @param name name of the file
     * @return the file, which the caller closes
     */
    StorageFile open(String name);

    /**
     * Makes a file ready for cheap appends, ahead of time, creating it when it does not exist. May take long; it is not called while
     * appends wait, when that can be helped. What the file holds is kept; zeros may follow it. Nobody has it open; it is opened next
     * under this name, or renamed first, or prepared again for more.
     *
     * @param name name of the file
     * @param sizeBytes length in bytes that appends will about bring the file to
     * @throws OutOfSpaceException when the disk is full; the file is as it was
     */
    void prepare(String name, long sizeBytes);

    /**
     * {@return whether a file of this name exists}
     *
     * @param name name of the file
     */
    boolean exists(String name);

    /** {@return the names of the files, in no order; directories may be among them} */
    List<String> names();

    /**
     * Renames a file, replacing one that has the new name; open files keep working.
     *
     * @param from its name
     * @param to its new name
     */
    void rename(String from, String to);

    /**
     * Deletes a file; one that is open can be read until it is closed. Nothing happens when it does not exist.
     *
     * @param name name of the file
     */
    void delete(String name);

    /** Makes creations, renames and deletions durable. */
    void force();
}
