// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.Arrays;

/**
 * A session as all members know it.
 *
 * <p>Threading: immutable; the password must not be changed.
 *
 * @param id its number, never given twice
 * @param password {@link #PASSWORD_BYTES} bytes
 * @param timeoutMs how long it lives without a sign of life, milliseconds
 * @param owner the connection it acts through
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TreeSession(long id, byte[] password, int timeoutMs, SessionOwner owner) {

    /** Length of a password in bytes. */
    public static final int PASSWORD_BYTES = 16;

    /** Whether the bytes are the password. */
    public boolean hasPassword(byte[] bytes) {
        return Arrays.equals(password, bytes);
    }
}
